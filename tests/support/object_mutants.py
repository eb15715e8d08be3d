"""Damage to DICOM objects by their structure, by a seed: elements, sequences, fragments, streams.

What `mutants` does to bytes hits a length or a tag by chance; this does it on purpose. Each kind
takes the places of the elements of an object, and other objects to take parts from.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pydicom.uid as uids
from mutants import mutant as byte_mutant

Random = np.random.Generator

UNDEFINED = b"\xff\xff\xff\xff"
LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"))
PIXELS = 0x7FE00010
ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
LENGTHS = (0, 1, 2, 7, 255, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF)


@dataclass(frozen=True)
class Place:
    """Where an element lies: its tag, its length, and its value."""

    tag: int
    start: int
    length_at: int
    length_bytes: int
    value: int
    end: int


@dataclass(frozen=True)
class Whole:
    """An object with the places of its elements, Pixel Data the last.

    `explicit`: its elements name their value representation. `data`: where the data set begins.
    """

    content: bytes
    data: int
    explicit: bool
    places: tuple[Place, ...]

    def of(self, tag: int) -> Place | None:
        return next((place for place in self.places if place.tag == tag), None)

    def some(self, rng: Random) -> Place:
        return self.places[rng.integers(len(self.places))]

    def between(self, place: Place, new: bytes) -> bytes:
        """The content with `new` in place of an element."""
        return self.content[: place.start] + new + self.content[place.end :]

    def inserted(self, new: bytes, rng: Random) -> bytes:
        at = self.some(rng).start
        return self.content[:at] + new + self.content[at:]

    def element(self, tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
        head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
        size = len(value) if length is None else length
        if not self.explicit:
            return head + struct.pack("<L", size) + value
        if vr in LONG:
            return head + vr + b"\0\0" + struct.pack("<L", size) + value
        return head + vr + struct.pack("<H", size & 0xFFFF) + value

    def with_values(self, changes: dict[int, tuple[bytes, bytes]]) -> bytes:
        """The content with other values of elements; those that are absent are added."""
        content = self.content
        for tag, (vr, value) in sorted(changes.items(), reverse=True):
            new = self.element(tag, vr, value)
            at = next((place for place in self.places if place.tag >= tag), self.places[-1])
            end = at.end if at.tag == tag else at.start
            content = content[: at.start] + new + content[end:]
        return content


def parsed(content: bytes, explicit: bool) -> Whole:
    """Find the elements of an object in little endian, as `dicom_writing` writes it."""
    at = data = 144 + struct.unpack("<L", content[140:144])[0]
    places: list[Place] = []
    while at + 8 <= len(content) and (not places or places[-1].tag != PIXELS):
        group, number = struct.unpack_from("<HH", content, at)
        length_at, length_bytes = at + 4, 4
        if explicit:
            is_long = content[at + 4 : at + 6] in LONG
            length_at, length_bytes = (at + 8, 4) if is_long else (at + 6, 2)
        value = length_at + length_bytes
        length = int.from_bytes(content[length_at:value], "little")
        end = len(content) if length == 0xFFFFFFFF else value + length
        places.append(Place(group << 16 | number, at, length_at, length_bytes, value, end))
        at = end
    return Whole(content, data, explicit, tuple(places))


def length_fields(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Lengths that say more, less, nearly all memory, or are odd."""
    place = whole.some(rng)
    length = place.end - place.value
    wrong = (*LENGTHS, length - 1, length + 1, length + 2, 2 * length, length // 2)
    mask = (1 << 8 * place.length_bytes) - 1
    new = int(wrong[rng.integers(len(wrong))]) & mask
    changed = bytearray(whole.content)
    changed[place.length_at : place.value] = new.to_bytes(place.length_bytes, "little")
    return bytes(changed)


def value_representations(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Another VR than the element's, or none."""
    kinds = (
        b"AE AS AT CS DA DS DT FD FL IS LO OB OW PN SH SL SQ SS SV TM UI UL UN US UT XX xx".split()
    )
    new = (*kinds, b"\0\0", b"??", b"\xff\xff")[rng.integers(len(kinds) + 3)]
    place = whole.some(rng)
    if not whole.explicit:
        return whole.content[: place.start + 4] + new + whole.content[place.start + 4 :]
    changed = bytearray(whole.content)
    if rng.integers(2):  # with the length that belongs to it
        vr_and_value = whole.element(place.tag, new, whole.content[place.value : place.end])
        return whole.between(place, vr_and_value)
    changed[place.start + 4 : place.start + 6] = new
    return bytes(changed)


def splices(whole: Whole, rng: Random, other: Whole) -> bytes:
    """The front of one object and the rest of another, at an element or anywhere."""
    if rng.integers(2):
        return whole.content[: whole.some(rng).start] + other.content[other.some(rng).start :]
    at = int(rng.integers(whole.data, len(whole.content)))
    return whole.content[:at] + other.content[int(rng.integers(len(other.content))) :]


def nested(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Sequences in sequences, a few or thousands, with and without their ends."""
    depth = int((3, 40, 400, 3000)[rng.integers(4)])
    tag = (0x00081140, 0x52009229, 0x52009230, 0x00400275)[rng.integers(4)]
    value = whole.element(0x00280010, b"US", b"\1\0")
    with_lengths, with_ends = rng.integers(2, size=2)
    if not with_lengths:
        front = whole.element(tag, b"SQ", ITEM + UNDEFINED, 0xFFFFFFFF)
        end = (ITEM_END + bytes(4) + SEQUENCE_END + bytes(4)) * depth if with_ends else b""
        return whole.inserted(front * depth + value + end, rng)
    for _ in range(min(depth, 400)):
        value = whole.element(tag, b"SQ", ITEM + struct.pack("<L", len(value)) + value)
    return whole.inserted(value, rng)


def frame_groups(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Functional groups, shared or of each frame: too few, empty, contradictory, or nonsense."""
    values = [
        whole.element(0x00280030, b"DS", b"0.1\\0.1 "), whole.element(0x00181110, b"DS", b"1e9 "),
        whole.element(0x00181600, b"CS", b"CIRCULAR"), whole.element(0x00280010, b"US", b"\0\0"),
        whole.element(0x00189074, b"DT", b"20991332256199"),
        whole.element(0x00280101, b"US", b"\x40\0"),
        whole.element(0x00181063, b"DS", b"-1  "), b"\0" * 6,
    ]  # fmt: skip
    macros = (0x00289110, 0x00189476, 0x00209111, 0x00189472, 0x00189405)
    items = b""
    for _ in range(int((0, 1, 2, 6, 500)[rng.integers(5)])):
        inner = values[rng.integers(len(values))]
        item = ITEM + struct.pack("<L", len(inner)) + inner
        macro = whole.element(int(rng.choice(macros)), b"SQ", item)
        items += ITEM + struct.pack("<L", len(macro)) + macro
    tag = (0x52009229, 0x52009230)[rng.integers(2)]
    new = {tag: (b"SQ", items)}
    if rng.integers(2):
        new[0x00080016] = (b"UI", uids.EnhancedXAImageStorage.encode() + b"\0")
    return whole.with_values(new)


def within_groups(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Bytes of one group in another, items that are dropped, exchanged or left open."""
    groups = whole.of(0x52009230) or whole.of(0x52009229)
    if groups is None:
        return frame_groups(whole, rng, other)
    value = whole.content[groups.value : groups.end]
    items = _items(value)
    way = rng.integers(5)
    if way == 0:
        items = items[: int(rng.integers(len(items)))]
    elif way == 1:
        items = [items[index] for index in rng.permutation(len(items))]
    elif way == 2:
        at, start = rng.integers(len(items)), int(rng.integers(len(items[0])))
        items[at] = items[at][:start] + items[-1][start // 2 :]
    elif way == 3:
        items += items * 40
    new = b"".join(ITEM + struct.pack("<L", len(item)) + item for item in items)
    if way == 4:
        damaged = bytearray(value)
        for at in rng.integers(0, len(damaged), 4):
            damaged[at] ^= int(rng.integers(1, 256))
        new = bytes(damaged)
    return whole.between(groups, whole.element(groups.tag, b"SQ", new))


def tags_against_pixels(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Another size, precision, sign, number of samples or kind of picture than the pixels have."""
    new: dict[int, tuple[bytes, bytes]] = {}
    numbers = (0, 1, 7, 8, 10, 11, 13, 15, 16, 32, 64, 239, 241, 480, 8192, 65535)
    for tag in rng.choice(
        [0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280002],
        rng.integers(1, 4),
    ):
        value = 1 if tag == 0x00280103 else int(rng.choice(numbers))
        new[int(tag)] = (b"US", struct.pack("<H", value))
    if not rng.integers(4):
        words = (b"MONOCHROME1 ", b"RGB ", b"PALETTE COLOR ", b"YBR_ICT ", b"\xff\xfe")
        new[0x00280004] = (b"CS", words[rng.integers(len(words))])
    return whole.with_values(new)


def undefined_lengths(whole: Whole, rng: Random, other: Whole) -> bytes:
    """A length that is left open, with an end somewhere, or none."""
    place = whole.some(rng)
    value = whole.content[place.value : place.end]
    ends = (b"", SEQUENCE_END + bytes(4), ITEM_END + bytes(4), ITEM + UNDEFINED)
    end = ends[rng.integers(4)]
    front = ITEM + struct.pack("<L", len(value)) if rng.integers(2) else b""
    vr = (b"SQ", b"OB", b"UN")[rng.integers(3)]
    return whole.between(place, whole.element(place.tag, vr, front + value + end, 0xFFFFFFFF))


def fragments(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Fragments that are split, dropped, exchanged, empty, doubled, or none."""
    pixels = whole.places[-1]
    stream = whole.content[pixels.value : pixels.end]
    items = _items(stream)
    if not items:  # native: a stream that is none
        cuts = np.sort(rng.integers(0, len(stream), 3))
        items = [stream[a:b] for a, b in pairwise((0, *cuts.tolist(), len(stream)))]
    way = rng.integers(6)
    last = items.pop()
    if way == 0:
        at = len(last) // 2 // 2 * 2
        items += [last[:at], last[at:]]
    elif way == 1:
        items += [last, b""]
    elif way == 2:
        items += [last, last]
    elif way == 3:
        items = [last, *items]
    elif way == 4:
        items += [last[i : i + 6] for i in range(0, min(len(last), 6000), 6)]
    return _with_items(whole, items, rng)


def offset_tables(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Offsets that point beyond, back, into a fragment, or are too many; an extended table too."""
    pixels = whole.places[-1]
    items = _items(whole.content[pixels.value : pixels.end]) or [b"", b"\0" * 64]
    count = int((1, 2, 7, 1000)[rng.integers(4)])
    offsets = rng.choice([0, 1, 2, 8, 500, 2**31, 2**32 - 1], count)
    items[0] = struct.pack(f"<{count}L", *offsets.tolist())
    content = _with_items(whole, items, rng)
    if rng.integers(2):
        wide = struct.pack(f"<{count}Q", *(offsets.astype(np.uint64) * (1 + count)).tolist())
        table = whole.element(0x7FE00001, b"OV", wide) + whole.element(0x7FE00002, b"OV", wide[:8])
        content = content[: pixels.start] + table + content[pixels.start :]
    return content


def cut_within(whole: Whole, rng: Random, other: Whole) -> bytes:
    """The end within a tag, a length, a value, or the head of a fragment."""
    place = whole.some(rng)
    end = min(place.end, place.value + 64)
    return whole.content[: int(rng.integers(place.start + 1, max(end, place.start + 2)))]


def doubled(whole: Whole, rng: Random, other: Whole) -> bytes:
    """An element twice, also with another value, also in a place where it does not belong."""
    place, taken = whole.some(rng), other.some(rng)
    again = other.content[taken.start : taken.end]
    if rng.integers(2):
        return whole.inserted(again, rng)
    return whole.content[: place.start] + again * 2 + whole.content[place.start :]


def other_syntaxes(whole: Whole, rng: Random, other: Whole) -> bytes:
    """The data set of one transfer syntax under the name of another, or deflated."""
    known = [
        uids.ImplicitVRLittleEndian, uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian,
        uids.RLELossless, uids.JPEGBaseline8Bit, uids.JPEGExtended12Bit, uids.JPEGLosslessSV1,
        uids.JPEGLSLossless, uids.JPEGLSNearLossless, uids.JPEG2000Lossless, uids.HTJ2KLossless,
        uids.DeflatedExplicitVRLittleEndian, uids.MPEG2MPML, "1.2.3.4",
    ]  # fmt: skip
    new = known[rng.integers(len(known))]
    data = whole.content[whole.data :]
    if new == uids.DeflatedExplicitVRLittleEndian and rng.integers(2):
        packer = zlib.compressobj(wbits=-15)
        bomb = bytes(50_000_000) if not rng.integers(8) else b""
        data = packer.compress(data + bomb) + packer.flush()
    return with_syntax(whole.content, str(new)) + data


def character_sets(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Character sets that nobody knows, and text that is in none of them."""
    names = (
        b"ISO 2022 IR 87\\ISO 2022 IR 159 ", b"GB18030 ", b"ISO_IR 999", b"\\\\\\ ", b"utf-8 ",
        b"ISO_IR 192\\ISO_IR 100 ", b"\x1b$B\xff\xff ", b"undefined ",
    )  # fmt: skip
    text = rng.bytes(2 * int(rng.integers(1, 30)))
    return whole.with_values(
        {
            0x00080005: (b"CS", names[rng.integers(len(names))]),
            0x00080070: (b"LO", text),
            0x00100010: (b"PN", b"\x1b$B" + text + b"="),
            0x00081030: (b"LO", b"\x1b(J\x1b$(D\xff" + text[: len(text) // 2 * 2] + b"\0\0"),
        }
    )


def numbers_of_frames(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Counts and times that no run has."""
    counts = (b"0 ", b"-1", b"2 ", b"999999999 ", b"1e99", b"NaN ", b"1\\2 ", b"", b"\xff\xff")
    times = (b"0 ", b"-33 ", b"1e308 ", b"nan ", b"inf ", b"1E-300", b"33\\1\\1 ", b"", b"\0\0")
    return whole.with_values(
        {
            0x00280008: (b"IS", counts[rng.integers(len(counts))]),
            0x00181063: (b"DS", times[rng.integers(len(times))]),
            0x00181065: (b"DS", b"\\".join(rng.choice(times, int(rng.integers(1, 9))).tolist())),
        }
    )


def streams(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Heads of streams: another size, precision or number of samples, segments in and out."""
    pixels = whole.places[-1]
    items = _items(whole.content[pixels.value : pixels.end])
    if not items:
        return _other_words(whole, rng)
    stream = bytearray(items[-1])
    ways = rng.integers(5)
    if ways == 0:  # a size or precision of another picture
        for marker in (b"\xff\xc0", b"\xff\xc3", b"\xff\xf7", b"\xff\x51"):
            at = stream.find(marker)
            if at >= 0:
                stream[at + 4 + int(rng.integers(16))] ^= int(rng.integers(1, 256))
    elif ways == 1:  # a segment of any kind and length
        kind = int(rng.integers(0x4F, 0x100))
        length = int(rng.choice([0, 1, 2, 10, 0xFFFF]))
        stream[2:2] = struct.pack(">BBH", 0xFF, kind, length) + bytes(max(length - 2, 0) % 300)
    elif ways == 2:  # the tables of another stream
        at = int(rng.integers(2, max(3, min(len(stream), 200))))
        stream[at:at] = stream[2 : 2 + at]
    elif ways == 3:  # two streams in one
        stream = stream + stream
    else:
        stream = stream[: int(rng.integers(2, len(stream)))] + b"\xff\xd9"
    return _with_items(whole, [*items[:-1], bytes(stream)], rng, as_before=True)


def meta_groups(whole: Whole, rng: Random, other: Whole) -> bytes:
    """The file's meta group: wrong length, without syntax, twice, or text in front of it."""
    content, meta = whole.content, whole.content[132 : whole.data]
    ways = (
        content[:140] + struct.pack("<L", int(rng.choice(LENGTHS))) + content[144:],
        content[: whole.data] + meta + content[whole.data :],
        content[:132] + content[whole.data :],
        content[132:],
        content[: whole.data] + content,
        rng.bytes(128) + content[128:],
    )
    return ways[rng.integers(len(ways))]


def bulk(whole: Whole, rng: Random, other: Whole) -> bytes:
    """Private blocks, groups that are reserved, thousands of elements, text behind the pixels."""
    group = int(rng.choice([0x0001, 0x0002, 0x0009, 0x0029, 0x5000, 0x6000, 0x7FDF, 0xFFFE]))
    one = whole.element(group << 16 | 0x0010, b"LO", b"A MAKER ")
    many = b"".join(
        whole.element(group << 16 | 0x1000 + number, b"UN", rng.bytes(6))
        for number in range(int(rng.choice([1, 50, 3000])))
    )
    if rng.integers(3):
        return whole.inserted(one + many, rng)
    return whole.content + whole.element(0x7FE10010, b"LO", b"A MAKER ") + many


def other_pictures(whole: Whole, rng: Random, other: Whole) -> bytes:
    """A whole object in good order, of which the pixels are of another picture."""
    return _other_words(whole, rng)


KINDS: tuple[Callable[[Whole, Random, Whole], bytes], ...] = (
    length_fields, value_representations, splices, nested, frame_groups, within_groups,
    tags_against_pixels, undefined_lengths, fragments, offset_tables, cut_within, doubled,
    other_syntaxes, character_sets, numbers_of_frames, streams, meta_groups, bulk, other_pictures,
)  # fmt: skip


def kind_of(number: int) -> str:
    """Name of the kind of damage of an object."""
    return KINDS[number % len(KINDS)].__name__


def object_mutant(content: bytes, other: bytes, number: int, seed: int, head: int = 0) -> bytes:
    """`content` with damage of the kind that its number has, a fifth with damaged bytes as well.

    Parameters
    ----------
    content, other : bytes
        DICOM files as `dicom_writing` writes them.
    number, seed : int
    head : int
        Bytes in front that stay as they are, where a sender says them in another way.
    """
    rng = np.random.default_rng([seed, number])
    whole, second = _parsed(content), _parsed(other)
    changed = KINDS[number % len(KINDS)](whole, rng, second)
    if not rng.integers(5) and len(changed) > 400:
        changed = byte_mutant(changed, [seed, number, 1])
    return content[:head] + changed[head:]


def with_syntax(content: bytes, syntax: str) -> bytes:
    """The meta group of a file, of another transfer syntax; no data set."""
    old = _parsed(content)
    meta = content[144 : old.data]
    at = meta.index(b"\x02\x00\x10\x00UI")
    length = struct.unpack_from("<H", meta, at + 6)[0]
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    new = meta[: at + 6] + struct.pack("<H", len(value)) + value + meta[at + 8 + length :]
    return content[:140] + struct.pack("<L", len(new)) + new


def _parsed(content: bytes) -> Whole:
    implicit = uids.ImplicitVRLittleEndian.encode() + b"\0"
    meta = content[132 : 144 + struct.unpack("<L", content[140:144])[0]]
    return parsed(content, b"\x12\x00" + implicit not in meta)


def _items(stream: bytes) -> list[bytes]:
    """The items of encapsulated pixels, the offset table first; none where they are native."""
    found, at = [], 0
    while stream[at : at + 4] == ITEM:
        length = struct.unpack_from("<L", stream, at + 4)[0]
        found.append(stream[at + 8 : at + 8 + length])
        at += 8 + length
    return found


def _with_items(whole: Whole, items: list[bytes], rng: Random, as_before: bool = False) -> bytes:
    data = b"".join(ITEM + struct.pack("<L", len(item)) + item for item in items)
    if as_before or rng.integers(4):
        data += SEQUENCE_END + bytes(4)
    pixels = whole.places[-1]
    return whole.between(pixels, whole.element(PIXELS, b"OB", data, 0xFFFFFFFF))


def _other_words(whole: Whole, rng: Random) -> bytes:
    pixels = whole.places[-1]
    data = bytearray(whole.content[pixels.value : pixels.end])
    if _items(bytes(data)):  # a stream is exchanged with a part of itself
        at, length = rng.integers(len(data) // 2, len(data), 2)
        data[at : at + length // 8] = data[: length // 8]
        return whole.between(pixels, whole.element(PIXELS, b"OB", bytes(data), 0xFFFFFFFF))
    words = np.frombuffer(bytes(data[: len(data) // 2 * 2]), "<u2")
    side = round(len(words) ** 0.5)
    ways = (
        np.roll(words, int(rng.integers(1, len(words)))), words[::-1], words.byteswap(),
        words ^ 0x0FFF, np.zeros_like(words), np.full_like(words, 0x0FFF), words >> 3,
        rng.permutation(words), words & 0x00FF, np.roll(words.view(np.uint8), 1).view("<u2"),
        words.reshape(-1, side).T.ravel() if len(words) % side == 0 else words,
    )  # fmt: skip
    new = ways[rng.integers(len(ways))].astype("<u2").tobytes()
    return whole.between(pixels, whole.element(PIXELS, b"OW", new))
