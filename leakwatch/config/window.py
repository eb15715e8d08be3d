"""Settings of the window: what flashes, what is new, and the clocks of the procedure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within

# A cement that sets within a day.
Minutes = Annotated[float, within(0.0, 1440.0)]

# Beyond these a flash is not that of its priority, in the style of IEC 60601-1-8.
HIGH_FLASH_HZ, MEDIUM_FLASH_HZ = (1.4, 2.8), (0.4, 0.8)


class WindowSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator sees, beside the level.

    Parameters
    ----------
    high_flash_hz : float
        How often a STOP flashes, Hz: 1.4 to 2.8, as alarms of high priority do.
    medium_flash_hz : float
        How often a technical alarm of medium priority flashes, Hz: 0.4 to 0.8.
    growth_s : float
        Cement that was not there so long ago is drawn as new, s.
    growth_mm : float
        It counts as new this far from the contour of then, mm: more than an edge's noise
        (``alerting.edge_sigma_mm``), less than the width of a vein.
    growth_px : float
        The same where there are no millimetres, px.
    trend_s : float
        So much of the past is drawn at the side, s: a bolus and the look after it.
    numbers_s : float
        Numbers at the side change no more often, s: faster than anybody reads.
    retry_from_s, retry_until_s : float
        After a STOP: wait so long before another try, s; when this has passed, another place of
        the needle is the choice (one to two minutes, until cement has thickened).
    products : tuple of (str, float, float)
        Cements: name, and minutes after mixing at which it is thick enough, and at which it no
        longer flows. The first is measured at 22 °C (doi 10.1186/1471-2474-13-198); what the
        leaflet of a product says for the temperature of the room is better.
    product : str
        The one in use.
    """

    high_flash_hz: Annotated[float, within(*HIGH_FLASH_HZ)] = 2.0
    medium_flash_hz: Annotated[float, within(*MEDIUM_FLASH_HZ)] = 0.6
    growth_s: Annotated[float, within(0.1, 30.0)] = 1.0
    growth_mm: Annotated[float, within(0.1, 10.0)] = 0.6
    growth_px: Annotated[float, within(0.5, 50.0)] = 3.0
    trend_s: Annotated[float, within(5.0, 3600.0)] = 60.0
    numbers_s: Annotated[float, within(0.0, 2.0)] = 0.2
    retry_from_s: Annotated[float, within(5.0, 1800.0)] = 60.0
    retry_until_s: Annotated[float, within(5.0, 3600.0)] = 120.0
    products: tuple[tuple[str, Minutes, Minutes], ...] = (("PMMA at 22 °C", 5.0, 8.5),)
    product: str = "PMMA at 22 °C"

    def __post_init__(self) -> None:
        """Refuse what would not be what its name says."""
        names = [name for name, _, _ in self.products]
        if self.product not in names:
            raise ValueError(f"product {self.product!r} is none of {', '.join(names)}")
        for name, ready_min, until_min in self.products:
            if not 0.0 <= ready_min < until_min:
                raise ValueError(f"product {name!r}: {ready_min:g} to {until_min:g} min is no time")


class SoundSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What sounds, in the style of IEC 60601-1-8 and with no claim to it.

    Parameters
    ----------
    rate_hz : int
        Samples a second; every sound card takes this.
    volume : float
        0 to 1, of the full range.
    high_hz, medium_hz, low_hz : float
        Fundamental of each priority, Hz: 150 to 1000; the more urgent, the higher.
    harmonics : int
        Multiples of the fundamental that sound with it, so that it is found and not masked: four
        at least, up to 4000 Hz.
    high_pulse_s, pulse_s : float
        Length of a pulse, s: 0.075 to 0.2 for high priority, 0.125 to 0.25 for the others.
    rise_share : float
        Share of a pulse in which it rises and falls: a sudden start frightens.
    high_gap_s, gap_s : float
        Silence between two pulses, s: 0.05 to 0.125, and 0.125 to 0.25.
    high_pause_s : float
        Silence between the two halves of a burst of ten, s: 0.35 to 1.3.
    high_every_s, medium_every_s : float
        From a burst to the next, s, start to start: the silence between is 2.5 to 15 s.
    low_every_s : float
        A tone of low priority sounds once; if its cause comes and goes, no more often than this, s.
    """

    rate_hz: Annotated[int, within(16000, 96000)] = 44100
    volume: Annotated[float, within(0.1, 1.0)] = 0.8
    high_hz: Annotated[float, within(150.0, 1000.0)] = 660.0
    medium_hz: Annotated[float, within(150.0, 1000.0)] = 494.0
    low_hz: Annotated[float, within(150.0, 1000.0)] = 392.0
    harmonics: Annotated[int, within(4, 8)] = 5
    high_pulse_s: Annotated[float, within(0.075, 0.2)] = 0.15
    pulse_s: Annotated[float, within(0.125, 0.25)] = 0.2
    rise_share: Annotated[float, within(0.1, 0.4)] = 0.15
    high_gap_s: Annotated[float, within(0.05, 0.125)] = 0.1
    gap_s: Annotated[float, within(0.125, 0.25)] = 0.2
    high_pause_s: Annotated[float, within(0.35, 1.3)] = 0.5
    high_every_s: Annotated[float, within(6.0, 18.0)] = 8.0
    medium_every_s: Annotated[float, within(4.0, 30.0)] = 15.0
    low_every_s: Annotated[float, within(15.0, 300.0)] = 20.0
