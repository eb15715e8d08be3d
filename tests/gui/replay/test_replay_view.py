"""What the window would show, without a window."""

from __future__ import annotations

from handmade import MARKS

from leakwatch.core.errors import SourceError
from leakwatch.core.results import Level
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.track import Track


def test_before_the_first_frame_it_is_unknown_and_never_clear(settings):
    view = Replay(Track(settings), MARKS, settings, promised=40).tick(0.0)
    assert view.banner.level is Level.UNKNOWN
    assert view.picture is None
    assert view.message == "analysed 0 of 40"


def test_true_frame_timing(track, settings):
    replay = Replay(track, MARKS, settings)
    replay.playback.toggle()
    replay.tick(100.0)
    view = replay.tick(101.0)
    assert (view.index, view.time_s, view.playing) == (8, 1.0, True)
    assert view.picture.frame == 8
    assert view.duration_s == 39 * 0.125


def test_picture_and_pixels_are_of_one_frame(track, settings):
    replay = Replay(track, MARKS, settings)
    replay.playback.seek(20)
    view = replay.view()
    assert view.picture.frame == view.index == 20
    assert (view.grey == track.grey(20)).all()
    assert (view.grey != track.grey(19)).any()


def test_acknowledge_changes_what_is_shown_at_once(track, settings):
    replay = Replay(track, MARKS, settings)
    replay.playback.seek(track.levels().index(Level.STOP))
    assert replay.view().banner.flashing
    assert replay.acknowledge()
    view = replay.view()
    assert view.banner.level is Level.WATCH
    assert not view.banner.flashing
    assert not replay.acknowledge()


def test_no_new_frame_while_playing_is_stale(settings, fold_of):
    track = Track(settings)
    for snapshot in fold_of(3):
        track.append(snapshot)
    replay = Replay(track, MARKS, settings, promised=40)
    replay.playback.toggle()
    replay.tick(0.0)
    assert replay.tick(0.2).banner.level is Level.CLEAR
    view = replay.tick(1.2)
    assert view.banner.level is Level.UNKNOWN
    assert "No new frame for" in view.banner.reasons[0]
    assert view.message == "analysed 3 of 40"


def test_stale_never_takes_a_latched_stop_away(settings, fold_of):
    track = Track(settings)
    for snapshot in fold_of(30):
        track.append(snapshot)
    replay = Replay(track, MARKS, settings)
    replay.playback.toggle()
    replay.tick(0.0)
    view = replay.tick(30.0)
    assert view.banner.level is Level.STOP
    assert "No new frame for" in view.banner.warnings[0]


def test_a_fold_that_died_is_unknown_at_its_end(settings, fold_of):
    track = Track(settings)
    for snapshot in fold_of(3):
        track.append(snapshot)
    track.finish("Analysis failed: RuntimeError: oh")
    replay = Replay(track, MARKS, settings, promised=40)
    replay.playback.seek(0)
    assert replay.view().banner.level is Level.CLEAR
    replay.playback.seek(2)
    view = replay.view()
    assert view.banner.level is Level.UNKNOWN
    assert view.banner.reasons == ("Analysis failed: RuntimeError: oh",)
    assert view.message == "Analysis failed: RuntimeError: oh"


def test_frame_that_cannot_be_read_again_keeps_its_level_and_its_numbers(
    track, settings, monkeypatch
):
    def gone(index, look):
        raise SourceError("the disk was taken away")

    monkeypatch.setattr(track, "grey", gone)
    replay = Replay(track, MARKS, settings)
    replay.playback.seek(39)
    view = replay.view()
    assert (view.grey, view.message) == (None, "the disk was taken away")
    assert view.banner.level is Level.STOP
    assert view.picture.frame == 39
    monkeypatch.undo()
    replay.playback.seek(38)
    view = replay.view()
    assert (view.grey is None, view.message) == (False, "")


def test_a_fold_without_any_frame_says_why(settings):
    track = Track(settings)
    track.finish("x.dcm: cannot be decoded")
    view = Replay(track, MARKS, settings).tick(0.0)
    assert view.banner.reasons == ("x.dcm: cannot be decoded",)
