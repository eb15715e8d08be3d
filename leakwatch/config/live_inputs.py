"""Settings of live sources: DICOM, OpenIGTLink and video."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class LiveDicomSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Objects that arrive in a folder, over the network, or in an archive.

    Lengths announced by a peer are not trusted: each has a maximum. The limits of objects also
    apply, with their defaults, to stored files.

    Parameters
    ----------
    fault_shown_s : float
        A fault is shown in the status for at least this time, s, even if good frames follow at
        once: a person looks up within a few seconds.
    series_quiet_s : float
        Another series is accepted after the current one was silent for this time, s: during
        fluoroscopy, a C-arm pauses at most 0.13 s between pulses. Two simultaneous series are thus
        never mixed.
    queue_objects : int
        Objects that may wait to be decoded: 17 s at 30 frames/s. If there are more, the sender is
        notified.
    waiting_bytes : int
        The same in bytes on the disk: a sequence of half a minute, and the next one.
    run_step_s : float
        Frames of a sequence that arrived as one object, and objects that an archive has at once,
        are delivered with at most this interval, s: analysis processes 30 frames/s. Without it, all
        but the last few would be dropped.
    past_run_s : float
        A multi-frame sequence that took longer is not current when it arrives, s, as after
        `live.stale_after_s`: the pedal was released, and no frame of it is CLEAR.
    settle_s : float
        A file without a close event is read if it did not change for this time, s: writers flush
        their buffers in less.
    partial_s : float
        Time to wait for the completion of an incomplete file after its last change, s: a network
        share stalls for a few seconds.
    scan_s : float
        Interval of folder scans, s, in addition to notifications of the system.
    network_scan_s : float
        The same without notifications (network mounts), s: a shorter interval than that of two
        pulses would only load the network.
    sender_quiet_s : float
        Another sender is refused until the current one was silent for this time, s: longer than a
        pause between exposures. The same sender may continue at once with any connection.
    associations : int
        Maximum number of connected senders: a C-arm, a second one, and two connection tests. If
        another one connects, the sender that never stored anything and was silent longest is
        disconnected.
    known_senders : tuple of str
        Titles or addresses of C-arms. A slot is always available for them, as for a sender that
        stored something before in the session, and for those in `allow_ae`. They take over at once
        from an unknown sender.
    waiting_connections : int
        Connections that have not requested an association yet. If another one arrives, one from the
        address with most of them is closed.
    active_s : float
        A sender that sent a part of an object within this time, s, is active, and is not
        disconnected for an unknown one: parts follow each other within a tenth of a second.
    strangers_per_s : int
        While a sender is active, maximum associations per second accepted from others: each takes
        some 10 ms, which delays the C-arm's images.
    stranger_connections_per_s : int
        While a sender is active, maximum connections per second accepted from addresses without
        earlier data.
    stranger_pause_s : float
        While a sender is active, delay before each part of another sender is read, s.
    idle_association_s : float
        A silent association is closed after this time, s: ten minutes, longer than pauses of an
        injection. The system detects a dead peer within about 15 s.
    stalled_s : float
        Maximum time without a byte within a protocol data unit, s; the connection is then broken.
    handshake_s : float
        Maximum time from the connection to the association request, including TLS if used, s.
    protocol_bytes : int
        Maximum length of an association request, and of a command, bytes: one with 128 contexts has
        32 kB, and a ticket as much.
    pdu_bytes : int
        Maximum length of a data unit, bytes: 0.13 MB are negotiated, and some senders use more.
    poll_s : float
        Interval of queries to the archive, s: it answers in some ten ms, and a delay of half a
        second is already long.
    back_off_s : float
        An archive that does not answer is queried again after `poll_s`, then after twice as long,
        and so on up to this time, s.
    connect_s, answer_s : float
        Maximum time for the archive to accept a connection, and between parts of an answer, s.
    clocks_apart_s : float
        If an archive was unavailable at the start of the session, its objects that are older than
        this before the start are not new, s: a C-arm's clock may be wrong by some minutes.
    answer_bytes : int
        Maximum length of a study list, bytes: 20000 objects have 7 MB.
    study_objects : int
        Maximum number of objects of a study: an hour of single frames at 13/s.
    object_bytes : int
        Maximum length of a received object, bytes: half a minute at 15/s with 1024 x 1024 pixels of
        16 bits has 0.95 GB. It is stored on the disk, not in memory.
    object_s : float
        Maximum time for an archive to send an object, s: a gigabyte takes 86 s at 100 Mbit/s.
    head_bytes : int
        Maximum bytes read of an object's header, except for skipped values: functional groups of
        5000 frames have 3 MB, and manufacturers store private images in sequences.
    value_bytes : int
        Maximum length of a value read from a header: a private image of 2048 x 2048 with 16 bits.
    object_parts : int
        Maximum number of parts of an object: items, elements and numbers in its header (of binary
        ones each eighth), fragments of its pixel data. Each part of a header takes up to 1 kB, and
        functional groups have 40 per frame.
    object_frames : int
        Maximum number of frames of an object: an hour at 30 frames/s.
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
    """Messages of an OpenIGTLink server. A longer one closes the connection before it is read.

    Parameters
    ----------
    picture_bytes : int
        Maximum length of an image body, bytes: 4096 x 4096 pixels of 16 bits, and as much again for
        metadata.
    other_bytes : int
        Maximum length of any other body, bytes; it is skipped, and nothing of it is stored. A
        surface of a million points has 30 MB.
    stalled_s : float
        Maximum time without a byte within a message, s; the connection is then broken. Pulses
        arrive at least twice a second.
    """

    picture_bytes: Annotated[int, within(1 << 16, 1 << 28)] = 1 << 26
    other_bytes: Annotated[int, within(1 << 10, 1 << 30)] = 1 << 26
    stalled_s: Annotated[float, within(0.2, 60.0)] = 2.0


# No screen is larger.
Pixels = Annotated[int, within(0, 32767)]


class LiveVideoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Frame grabbers and video files.

    Region and masks of a room belong here, in a settings file; those of the source specification
    replace them. All rectangles are left, top, right, bottom in pixels of the received video;
    right and bottom are not included.

    Parameters
    ----------
    region_px : (int, int, int, int) or None
        Region of the screen that shows fluoroscopy; None: all of it.
    masks_px : tuple of (int, int, int, int)
        Text in the region, which is blanked and never analysed.
    bone_is_bright : bool or None
        How the screen shows bone; None: not specified, and assumed to be dark, which the status
        states. With the wrong polarity, cement looks like a loss of attenuation.
    colour_levels : int
        Channels with a larger difference, of 255, are a colour: compressed chroma is wrong by about
        ten, and a coloured letter differs by a hundred.
    colour_share : float
        An image with a larger coloured share is not used: a letter of 10 x 10 pixels is a hundredth
        of a per cent of 1024 x 1024.
    repeat_s : float
        Interval at which a repeated image is delivered again, s: less than `live.stale_after_s`, so
        that it counts as frozen, not as missing; more than the 0.13 s between two pulses at 7.5/s,
        so that no pulse counts twice.
    repeat_noise_share : float
        An image whose noise against the last one is a smaller share of that of new images may be
        the same one through an analogue link: the noise of the link is a fraction of quantum noise.
    repeat_levels : float
        It is not the same if a patch of 16 x 16 pixels is brighter or darker by more, of 255: noise
        of 5 levels leaves 0.4 in its mean, and breathing anatomy or flowing cement causes more.
    combing : float
        Adjacent lines that differ by this factor more than every other line are two fields of an
        interlaced image: 1 in noise, less in anatomy.
    silent_s : float
        A device without an image for this time has failed, s: its slowest rate is 5/s, and it
        delivers images even without fluoroscopy.
    retry_s : float
        Interval of attempts to reopen a lost device, s: after reconnection it takes about a second.
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
