"""Settings of the window: flashing, new cement, and the clocks of the procedure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within

# A cement that sets within a day.
Minutes = Annotated[float, within(0.0, 1440.0)]

# Beyond these a flash is not that of its priority, in the style of IEC 60601-1-8.
HIGH_FLASH_HZ, MEDIUM_FLASH_HZ = (1.4, 2.8), (0.4, 0.8)


class WindowSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Display in addition to the level.

    Parameters
    ----------
    high_flash_hz : float
        Flash frequency of a STOP, Hz: 1.4 to 2.8, as for alarms of high priority.
    medium_flash_hz : float
        Flash frequency of technical alarms of medium priority, Hz: 0.4 to 0.8.
    growth_s : float
        Cement added within this time is drawn as new, s.
    growth_mm : float
        Minimum distance of new cement from the earlier contour, mm: more than the noise of an edge
        (``alerting.edge_sigma_mm``), less than the width of a vein.
    growth_px : float
        The same if not calibrated, px.
    trend_s : float
        Time shown in the trend, s: a bolus and its inspection.
    list_events : int
        Events that the list of a live session keeps; the recording has all.
    list_pictures : int
        Alarms in the list that keep their thumbnail, of 16 to 32 kB, and as many other events.
    numbers_s : float
        Minimum time between changes of displayed numbers, s: faster than reading.
    subtraction_log : float
        Added log attenuation that is black in the subtracted picture: 1 cm of cement with 30 %
        barium sulphate adds about 1, and the thin front should be seen.
    subtraction_s : float
        Minimum time between two subtracted pictures, s: each takes some milliseconds, which the
        analysis of frames needs as well.
    retry_from_s, retry_until_s : float
        Time to wait after a STOP before another attempt, s, and time after which another position
        of the cannula is advised (one to two minutes, until cement has thickened).
    products : tuple of (str, float, float)
        Cements: name, minutes after mixing at which it is thick enough, and at which it no longer
        flows. The first is measured at 22 °C (doi 10.1186/1471-2474-13-198); the manufacturer's
        data for the room temperature are better.
    product : str
        The cement in use.
    """

    high_flash_hz: Annotated[float, within(*HIGH_FLASH_HZ)] = 2.0
    medium_flash_hz: Annotated[float, within(*MEDIUM_FLASH_HZ)] = 0.6
    growth_s: Annotated[float, within(0.1, 30.0)] = 1.0
    growth_mm: Annotated[float, within(0.1, 10.0)] = 0.6
    growth_px: Annotated[float, within(0.5, 50.0)] = 3.0
    trend_s: Annotated[float, within(5.0, 3600.0)] = 60.0
    list_events: Annotated[int, within(10, 20000)] = 2000
    list_pictures: Annotated[int, within(1, 2000)] = 100
    numbers_s: Annotated[float, within(0.0, 2.0)] = 0.2
    subtraction_log: Annotated[float, within(0.05, 5.0)] = 0.5
    subtraction_s: Annotated[float, within(0.0, 2.0)] = 0.1
    retry_from_s: Annotated[float, within(5.0, 1800.0)] = 60.0
    retry_until_s: Annotated[float, within(5.0, 3600.0)] = 120.0
    products: tuple[tuple[str, Minutes, Minutes], ...] = (("PMMA at 22 °C", 5.0, 8.5),)
    product: str = "PMMA at 22 °C"

    def __post_init__(self) -> None:
        """Refuse inconsistent products."""
        names = [name for name, _, _ in self.products]
        if self.product not in names:
            raise ValueError(f"unknown product {self.product!r}; choose one of {', '.join(names)}")
        for name, ready_min, until_min in self.products:
            if not 0.0 <= ready_min < until_min:
                raise ValueError(f"product {name!r}: {ready_min:g} to {until_min:g} min is empty")


class SoundSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Alarm sounds in the style of IEC 60601-1-8, without a claim to conformity.

    Parameters
    ----------
    rate_hz : int
        Samples per second, supported by every sound card.
    volume : float
        0 to 1, of the full range.
    high_hz, medium_hz, low_hz : float
        Fundamental frequency of each priority, Hz: 150 to 1000; higher for more urgent alarms.
    harmonics : int
        Number of harmonics, so that the sound can be located and is not masked: at least four, up
        to 4000 Hz.
    high_pulse_s, pulse_s : float
        Length of a pulse, s: 0.075 to 0.2 for high priority, 0.125 to 0.25 for the others.
    rise_share : float
        Share of a pulse for its rise and fall: a sudden start startles.
    high_gap_s, gap_s : float
        Silence between two pulses, s: 0.05 to 0.125, and 0.125 to 0.25.
    high_pause_s : float
        Silence between the two halves of a burst of ten, s: 0.35 to 1.3.
    high_every_s, medium_every_s : float
        Interval between the starts of bursts, s: the silence between them is 2.5 to 15 s.
    low_every_s : float
        A tone of low priority sounds once; if its cause recurs, at most at this interval, s.
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
