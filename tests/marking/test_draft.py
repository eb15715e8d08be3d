"""What a person says of a body, and every step back: no Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.core.arrays import read_only
from leakwatch.core.frame import View
from leakwatch.core.marks import Marks, Side
from leakwatch.gui.marking.drawn_marks import band
from leakwatch.gui.marking.mark_layer import sides_of
from leakwatch.marking import draft as drafts
from leakwatch.marking.draft import LEVELS, SAME_PX, Draft, History, Mode
from leakwatch.marking.finding import FoundBody
from leakwatch.marking.marking_words import facts
from leakwatch.vision.vertebra.body_outline import Body, Part

POINT = st.tuples(st.floats(0, 500), st.floats(0, 500))
STEPS = {
    "click": drafts.add_click,
    "anchor": drafts.with_anchor,
    "draw": lambda draft, at: drafts.start_wall(draft),
    "drawn": lambda draft, at: drafts.finish_wall(draft),
    "tip": lambda draft, at: replace(draft, mode=Mode.TIP),
    "level": lambda draft, at: drafts.select_next_level(draft, 1),
    "side": lambda draft, at: drafts.exchange_side(draft, draft.anterior),
    "anew": lambda draft, at: drafts.without_marks(draft),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), POINT), max_size=30))
def test_every_step_can_be_taken_back_and_done_again(steps):
    history = History(Draft())
    seen = [history.now]
    for name, at in steps:
        history.do(STEPS[name](history.now, at))
        if history.now != seen[-1]:
            seen.append(history.now)
    for before in seen[-2::-1]:
        assert history.undo()
        assert history.now == before
    assert not history.undo()
    for after in seen[1:]:
        assert history.redo()
        assert history.now == after
    assert not history.redo()


def test_what_is_done_after_a_step_back_ends_the_other_way():
    history = History(Draft())
    history.do(drafts.add_click(history.now, (1.0, 1.0)))
    history.undo()
    history.do(drafts.add_click(history.now, (2.0, 2.0)))
    assert not history.redo()
    assert history.now.click_px == (2.0, 2.0)


def test_the_first_click_is_the_body_and_the_next_ones_are_points_on_its_edge():
    draft = drafts.add_click(Draft(), (100.0, 90.0))
    assert (draft.click_px, draft.mode) == ((100.0, 90.0), Mode.POINTS)
    draft = drafts.add_click(drafts.add_click(draft, (60.0, 80.0)), (140.0, 90.0))
    assert draft.anchors_px == ((60.0, 80.0), (140.0, 90.0))
    moved = drafts.with_anchor(draft, (60.0, 80.0 + SAME_PX / 2))
    assert moved.anchors_px == ((140.0, 90.0), (60.0, 81.5))
    assert drafts.without_anchor(moved, 0).anchors_px == ((60.0, 81.5),)


def test_another_body_takes_the_points_of_the_first_away():
    draft = drafts.add_click(drafts.add_click(Draft(level="L2"), (1.0, 1.0)), (5.0, 9.0))
    again = drafts.add_click(drafts.without_marks(draft), (200.0, 1.0))
    assert (again.click_px, again.anchors_px, again.level) == ((200.0, 1.0), (), "L2")


def test_whatever_is_said_anew_is_not_accepted_any_more():
    draft = replace(drafts.add_click(Draft(), (1.0, 1.0)), accepted=True)
    for name in sorted(set(STEPS) - {"drawn", "tip", "anew"}):
        assert not STEPS[name](draft, (7.0, 7.0)).accepted, name


def test_a_wall_needs_two_points():
    draft = drafts.add_click(drafts.start_wall(Draft(click_px=(9.0, 9.0))), (1.0, 1.0))
    assert not drafts.finish_wall(draft).has_wall
    whole = drafts.finish_wall(drafts.add_click(draft, (1.0, 40.0)))
    assert (whole.has_wall, whole.mode) == (True, Mode.POINTS)
    assert drafts.without_wall_point(whole, 0) == whole


@given(st.lists(POINT, min_size=2, max_size=60, unique=True))
def test_a_sweep_keeps_its_ends_and_few_points(points):
    swept = drafts.with_fewer_wall_points(Draft(wall_px=tuple(points)))
    assert 2 <= len(swept.wall_px) <= 7
    ends = np.array([swept.wall_px[0], swept.wall_px[-1]])
    assert np.allclose(ends, [points[0], points[-1]])


def test_levels_go_round():
    draft = Draft()
    seen = []
    for _ in range(len(LEVELS) + 1):
        draft = drafts.select_next_level(draft, 1)
        seen.append(draft.level)
    assert seen == [*LEVELS, None]
    assert drafts.select_next_level(Draft(), -1).level == LEVELS[-1]


def test_marks_that_were_made_before_are_gone_on_with():
    outline = read_only(np.array([[60.0, 40.0], [200.0, 40.0], [200.0, 160.0], [60.0, 160.0]]))
    wall = read_only(np.array([[60.0, 45.0], [60.0, 155.0]]))
    marks = Marks(View.LATERAL, 3, None, wall, outline, (150.0, 90.0), Side.RIGHT, "L1")
    draft = drafts.draft_of(marks)
    assert draft.has_wall
    assert np.array_equal(draft.wall, wall)
    assert (draft.click_px, draft.tip_px) == ((130.0, 100.0), (150.0, 90.0))
    assert (draft.anterior, draft.level, draft.mode) == (Side.RIGHT, "L1", Mode.POINTS)
    # Points on the outline, and none at the wall or its ends.
    assert len(draft.anchors_px) >= 6
    assert all(column > 85.0 for column, _ in draft.anchors_px)
    assert drafts.draft_of(Marks()) == Draft()


def test_the_second_contour_of_an_oblique_view_is_drawn_until_it_is_settled():
    line = np.array([[50.0, 80.0], [50.0, 20.0]])
    unsure = Part(line, 2.0, 1.0, "there are two edges 5 mm apart", line + np.array([20.0, 0.0]))
    sure = Part(line, 0.5, 1.0, None)
    body = Body(line, line, Side.LEFT, unsure, sure, sure, sure, ("posterior wall: two edges",))
    asked = Draft(click_px=(30.0, 50.0))
    shown = [side for side in sides_of(asked, FoundBody(body)) if side.name == "wall"]
    assert [side.line_px[0, 0] for side in shown] == [70.0, 50.0]
    assert not any(side.reliable for side in shown)
    # What a person took as it is has one contour.
    taken = [
        s for s in sides_of(replace(asked, accepted=True), FoundBody(body)) if s.name == "wall"
    ]
    assert [side.line_px[0, 0] for side in taken] == [50.0]


def test_imprecise_side_is_neither_drawn_nor_called_as_sure():
    line = np.array([[50.0, 80.0], [50.0, 20.0]])
    rough, fine = Part(line, 1.2, 1.0, None), Part(line, 0.5, 1.0, None)
    body = Body(line, line, Side.LEFT, rough, fine, fine, fine, ())
    found = FoundBody(body, "", True, 0.5)
    draft = Draft(click_px=(30.0, 50.0))
    drawn = {side.name: side for side in sides_of(draft, found)}
    assert not drawn["wall"].precise
    assert drawn["wall"].within_px == pytest.approx(1.2 / 0.5)
    assert all(side.precise for name, side in drawn.items() if name != "wall")
    told = {fact.name: fact for fact in facts(draft, found)}
    assert told["posterior wall"].warn
    assert told["posterior wall"].value == "± 1.2 mm, check it"
    assert not told["anterior wall"].warn


def test_band_is_as_wide_as_the_standard_deviation_at_each_point():
    line = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    edge = band(line, np.array([1.0, 2.0, 3.0]))
    assert np.abs(edge[:3, 1]).tolist() == [1.0, 2.0, 3.0]
    assert np.abs(edge[3:, 1]).tolist() == [3.0, 2.0, 1.0]
    assert (edge[:3, 1] * edge[3:, 1] < 0).all()
