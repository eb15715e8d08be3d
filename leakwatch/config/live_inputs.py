"""Settings of live sources: DICOM, OpenIGTLink and video; how long they are waited for."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LiveDicomSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Objects that arrive in a folder, over the network, or in an archive.

    What a peer announces is no reason to make room for it: each length has a most. Those of what is
    in an object hold, with their defaults, for stored files too.

    Parameters
    ----------
    fault_shown_s : float
        A fault stays in the status for so long, s, also where good frames follow at once: a
        person looks up in a few seconds.
    series_quiet_s : float
        Another series is looked at when the one that is followed gave nothing for so long, s: a
        C-arm at work is silent for 0.13 s at most between pulses. So two that come at the same
        time are never mixed.
    queue_objects : int
        Objects that may wait to be decoded: 17 s at 30 frames/s. A sender is told when there are
        more.
    waiting_bytes : int
        The same in bytes on the disk: a run of half a minute, and the next one.
    run_step_s : float
        Frames of a run that came as one object are given one by one, so far apart at most, s, and
        objects that an archive has at once are fetched so: analysis keeps up with 30 frames/s. At
        once, all but the last few would be dropped.
    past_run_s : float
        A run of many frames that took longer is the past when it arrives, s, as after
        `live.stale_after_s`: the pedal was lifted, and none of it is CLEAR.
    settle_s : float
        A file that nobody was seen to close is read when it did not change for so long, s: writers
        fill a buffer in less.
    partial_s : float
        A file that stays incomplete is waited for so long after its last change, s: a network
        share stalls for a few seconds.
    scan_s : float
        The folder is looked through so often, s, beside what the system tells of it.
    network_scan_s : float
        The same where the system tells nothing (network mounts), s: less than the interval of two
        pulses would only load the network.
    sender_quiet_s : float
        Another sender is refused until the one that is followed was silent for so long, s: longer
        than a pause between two looks. The same one goes on at once over any connection.
    associations : int
        Most senders connected at once: a C-arm, a second one, and two tests of the line. Where one
        more comes, the one that never stored anything and was silent longest is cut off.
    known_senders : tuple of str
        Titles or addresses of C-arms. There is always a place for them, as there is for one that
        stored something before in the session, and for those in `allow_ae`. They are followed at
        once where one sends that nobody named.
    waiting_connections : int
        Connections that have not asked for an association yet. Where one more comes, one of the
        address that has most of them is cut off.
    active_s : float
        A sender that sent a part of an object within so long, s, is at work, and is not cut off for
        one that nobody knows: parts follow each other within a tenth.
    strangers_per_s : int
        While a sender is followed, so many associations of others are taken in a second: each costs
        some 10 ms, and the C-arm's pictures wait for it.
    stranger_connections_per_s : int
        While a sender is followed, so many connections are heard in a second of addresses from
        which nothing came yet.
    stranger_pause_s : float
        While a sender is followed, each part that another sends is read so much later, s.
    idle_association_s : float
        A connection without a word is cut after so long, s: ten minutes, longer than an injection
        pauses. A peer that died is found out in about 15 s by the system.
    stalled_s : float
        Within a unit of the protocol no byte for longer is a broken connection, s.
    handshake_s : float
        A client has so long from its connection until it has asked for an association, and agreed
        on TLS where there is any, s.
    protocol_bytes : int
        Longest request for an association, and longest command, bytes: one with 128 contexts has
        32 kB, and a ticket as much.
    pdu_bytes : int
        Longest unit of data, bytes: 0.13 MB are agreed on, and some senders take more.
    poll_s : float
        The archive is asked so often, s: it answers in some ten ms, and half a second later is
        late already.
    back_off_s : float
        An archive that does not answer is asked again after `poll_s`, then after twice as long,
        and so on up to this, s.
    connect_s, answer_s : float
        The archive has so long to accept a connection, and to go on with an answer, s.
    clocks_apart_s : float
        Where an archive was away when the session began, an object of it is of before that when it
        says that it is older by more, s: a C-arm's clock may be wrong by some minutes.
    answer_bytes : int
        Longest list of a study, bytes: 20000 objects have 7 MB.
    study_objects : int
        Most objects of a study: an hour of single frames at 13/s.
    object_bytes : int
        Longest object that is received, bytes: a run of half a minute at 15/s with 1024 x 1024
        pixels of 16 bits has 0.95 GB. It lies on the disk, and not in memory.
    object_s : float
        An archive has so long to give an object, s: a gigabyte takes 86 s at 100 Mbit/s.
    head_bytes : int
        What is read of an object's head, bytes, beside what is skipped: functional groups of 5000
        frames have 3 MB, and makers put pictures of their own into sequences.
    value_bytes : int
        Longest value that is read of a head: a maker's picture of 2048 x 2048 with 16 bits.
    object_parts : int
        Parts of an object: items, elements and numbers in its head (of binary ones each eighth),
        fragments of its pixels. Those of a head take up to 1 kB each, and functional groups have 40
        for each frame.
    object_frames : int
        Most frames of an object: an hour at 30 frames/s.
    """

    fault_shown_s: Annotated[float, within(1.0, 300.0)] = 10.0
    series_quiet_s: Annotated[float, within(0.13, 30.0)] = 1.0
    queue_objects: Annotated[int, within(1, 10000)] = 512
    waiting_bytes: Annotated[int, within(1 << 24, 1 << 40)] = 1 << 31
    run_step_s: Annotated[float, within(0.0, 1.0)] = 0.034
    past_run_s: Annotated[float, within(0.2, 3.0)] = 0.5
    settle_s: Annotated[float, within(0.05, 5.0)] = 0.3
    partial_s: Annotated[float, within(0.5, 120.0)] = 10.0
    scan_s: Annotated[float, within(0.05, 10.0)] = 1.0
    network_scan_s: Annotated[float, within(0.05, 5.0)] = 0.2
    sender_quiet_s: Annotated[float, within(0.5, 120.0)] = 5.0
    associations: Annotated[int, within(1, 64)] = 4
    known_senders: tuple[str, ...] = ()
    waiting_connections: Annotated[int, within(1, 900)] = 128
    active_s: Annotated[float, within(0.05, 60.0)] = 1.0
    strangers_per_s: Annotated[int, within(1, 1000)] = 5
    stranger_connections_per_s: Annotated[int, within(1, 10_000)] = 50
    stranger_pause_s: Annotated[float, within(0.0, 1.0)] = 0.01
    idle_association_s: Annotated[float, within(10.0, 7200.0)] = 600.0
    stalled_s: Annotated[float, within(0.5, 120.0)] = 10.0
    handshake_s: Annotated[float, within(0.5, 60.0)] = 5.0
    protocol_bytes: Annotated[int, within(1 << 12, 1 << 24)] = 1 << 17
    pdu_bytes: Annotated[int, within(1 << 17, 1 << 26)] = 1 << 20
    poll_s: Annotated[float, within(0.05, 10.0)] = 0.5
    back_off_s: Annotated[float, within(0.1, 120.0)] = 8.0
    connect_s: Annotated[float, within(0.1, 60.0)] = 3.0
    answer_s: Annotated[float, within(0.5, 120.0)] = 10.0
    clocks_apart_s: Annotated[float, within(0.0, 86400.0)] = 300.0
    answer_bytes: Annotated[int, within(1 << 12, 1 << 28)] = 1 << 23
    study_objects: Annotated[int, within(1, 1_000_000)] = 50_000
    object_bytes: Annotated[int, within(1 << 16, 1 << 36)] = 1 << 30
    object_s: Annotated[float, within(1.0, 3600.0)] = 120.0
    head_bytes: Annotated[int, within(1 << 16, 1 << 28)] = 1 << 26
    value_bytes: Annotated[int, within(1 << 10, 1 << 26)] = 1 << 23
    object_parts: Annotated[int, within(1000, 10_000_000)] = 200_000
    object_frames: Annotated[int, within(1, 10_000_000)] = 108_000


class LiveIgtlSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Messages of an OpenIGTLink server. A longer one ends the connection before it is read.

    Parameters
    ----------
    picture_bytes : int
        Longest body of a picture, bytes: 4096 x 4096 pixels of 16 bits, and as much again for what
        goes with them.
    other_bytes : int
        Longest body of any other message, bytes; it is passed over, and nothing of it is kept. A
        surface of a million points has 30 MB.
    stalled_s : float
        Within one message no byte for longer is a broken link, s: pulses come at least twice a
        second.
    """

    picture_bytes: Annotated[int, within(1 << 16, 1 << 28)] = 1 << 26
    other_bytes: Annotated[int, within(1 << 10, 1 << 30)] = 1 << 26
    stalled_s: Annotated[float, within(0.2, 60.0)] = 2.0


# No screen is larger.
Pixels = Annotated[int, within(0, 32767)]


class LiveVideoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Frame grabbers and video files.

    A room's own region and masks belong here, in a settings file; those of the specification
    replace them. All rectangles are left, top, right, bottom in pixels of the video as it comes;
    right and bottom are not included.

    Parameters
    ----------
    region_px : (int, int, int, int) or None
        The part of the screen that is fluoroscopy; None: all of it.
    masks_px : tuple of (int, int, int, int)
        Text in it: blanked, and never seen.
    bone_is_bright : bool or None
        How the room's screen shows bone; None: nobody said, and it is taken to be dark, which the
        status says. The wrong way round cement looks as if something were taken away.
    colour_levels : int
        Channels that are further apart are a colour, of 255: compressed chroma errs by about ten,
        and a coloured letter is a hundred apart.
    colour_share : float
        A picture with more colour is not used: a single letter of 10 x 10 pixels is a hundredth of
        a percent of 1024 x 1024.
    repeat_s : float
        A picture that comes again and again is given again so often, s: less than
        `live.stale_after_s`, so that it counts as held and not as missing; more than the 0.13 s
        between two pulses at 7.5/s, so that no pulse counts twice.
    repeat_noise_share : float
        A picture with less noise against the last one, as a share of that of pictures that were
        new, may be that one again through an analog link: its noise is a fraction of the quanta's.
    repeat_levels : float
        It is not, where a patch of 16 x 16 pixels is brighter or darker by more, of 255: noise of
        5 levels leaves 0.4 in its mean, and anatomy that breathes or cement that flows is more.
    combing : float
        Neighbouring lines that differ by so many times more than every other line are two fields
        of an interlaced picture: 1 in noise, less in anatomy.
    silent_s : float
        A device that gives no picture for so long is dead, s: its slowest rate is 5/s, and it gives
        pictures also where fluoroscopy is off.
    retry_s : float
        A device that is gone is looked for so often, s: plugged in again, it takes about a second.
    """

    region_px: tuple[Pixels, Pixels, Pixels, Pixels] | None = None
    masks_px: tuple[tuple[Pixels, Pixels, Pixels, Pixels], ...] = ()
    bone_is_bright: bool | None = None
    colour_levels: Annotated[int, within(1, 255)] = 32
    colour_share: Annotated[float, within(0.0, 0.1)] = 0.0001
    repeat_s: Annotated[float, within(0.13, 3.0)] = 0.2
    repeat_noise_share: Annotated[float, within(0.0, 0.9)] = 0.35
    repeat_levels: Annotated[float, within(0.1, 20.0)] = 1.5
    combing: Annotated[float, within(1.05, 10.0)] = 1.4
    silent_s: Annotated[float, within(0.2, 30.0)] = 1.0
    retry_s: Annotated[float, within(0.1, 30.0)] = 1.0
