"""Volume of the cement: which source gives its factor, and what is measured with it. Pure.

Without a factor no volume is given, only growth: the attenuation of a cement, and how much scatter
lowers it, differ by more than a factor of two between cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import Settings, VolumeSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage
from leakwatch.core.frame import Acquisition, Frame, View
from leakwatch.core.geometry import Scale
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.spacing import Calibration
from leakwatch.core.volume import NOT_MEASURED, CementVolume, FactorSource, SyringeReading
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.lumen import LumenContent
from leakwatch.vision.cement.cement_visible import cut_off_share, dark_share
from leakwatch.vision.cement.volume_factor import VolumeFactor, VolumeFactorEstimator
from leakwatch.vision.cement.xray_contrast import Beam, Opacifier, Tube
from leakwatch.vision.image_processing.patches import Window
from leakwatch.vision.preprocessing.intensity import attenuation_scale_known

_NO_STEEL = text("the cannula does not look like an empty tube of its gauge: enter the syringe")
# Interval of the amounts that are kept for growth, s.
_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class BoreMean:
    """Mean of what filled the bore, from `since_s` on."""

    since_s: float
    mean_mm: float
    count: int = 1

    def with_frame(self, seen_mm: float) -> BoreMean:
        """Return the mean with one more frame."""
        mean_mm = self.mean_mm + (seen_mm - self.mean_mm) / (self.count + 1)
        return replace(self, mean_mm=mean_mm, count=self.count + 1)


@dataclass(frozen=True, slots=True)
class VolumeState:
    """Factor from attenuation to volume, as estimated from earlier frames.

    Parameters
    ----------
    factor : VolumeFactor or None
        None: no source is known yet.
    used : SyringeReading or None
        The last reading that was looked at.
    refused : str
        Why it was not used; empty if it was.
    bore : BoreMean or None
    amounts : tuple of (float, float)
        Times and amounts of the last moments, for growth.
    last : (int, float) or None
        Index and time of the last frame in which cement could be measured.
    now : CementVolume
        Of the last frame.
    """

    factor: VolumeFactor | None = None
    used: SyringeReading | None = None
    refused: str = ""
    bore: BoreMean | None = None
    amounts: tuple[tuple[float, float], ...] = ()
    last: tuple[int, float] | None = None
    now: CementVolume = NOT_MEASURED


@dataclass(frozen=True, slots=True)
class Measured:
    """Cement and cannula measured in a frame, in reference coordinates on the working grid.

    Parameters
    ----------
    frame : Frame
    attenuation : ndarray
        Of this frame alone.
    added : ndarray
        Added attenuation, mean over the last moments.
    seen : ndarray of bool
        What the frame shows of the reference.
    mask : ndarray of bool
        Cement.
    box : (slice, slice) or None
        Rows and columns of it; None if there is none.
    cannula : Cannula or None
        The clearest one, in the baseline.
    content : LumenContent or None
        Of its bore; None where that could not be compared.
    """

    frame: Frame
    attenuation: FloatImage
    added: FloatImage
    seen: BoolImage
    mask: BoolImage
    box: Window | None
    cannula: Cannula | None
    content: LumenContent | None


@dataclass(frozen=True, slots=True)
class VolumeRun:
    """Inputs that do not change in a run.

    Parameters
    ----------
    acquisition : Acquisition
        Of its first frame.
    first_frame : int
        Index of that frame: readings of the syringe before it belong to another baseline.
    scale : Scale
        Of the working grid; nominal if not calibrated.
    calibration : Calibration
    marks : Marks
    settings : Settings
    """

    acquisition: Acquisition
    first_frame: int
    scale: Scale
    calibration: Calibration
    marks: Marks
    settings: Settings

    @property
    def factors(self) -> VolumeFactorEstimator:
        """Estimation of the factor."""
        return VolumeFactorEstimator(self.scale, self.settings.volume)

    @property
    def gauge(self) -> int | None:
        """Gauge of the cannula; None if unknown."""
        return self.marks.cement.gauge or self.settings.volume.gauge or None

    @property
    def opacifier(self) -> Opacifier | None:
        """Radiopacifier of the cement; None if the product is unknown."""
        settings = self.settings.volume
        wanted = self.marks.cement.product or settings.product
        known = {name: Opacifier(kind, share) for name, kind, share in settings.products}
        return known.get(wanted)


def follow_volume(state: VolumeState, measured: Measured, run: VolumeRun) -> VolumeState:
    """Return the state after a frame, with its volume in `now`.

    Parameters
    ----------
    state : VolumeState
    measured : Measured
    run : VolumeRun
    """
    added, hidden = _of_cement(measured, run.settings.volume)
    pixel_mm2 = run.scale.mm_per_px**2
    amount_mm2 = float(added.sum(dtype=np.float64)) * pixel_mm2
    state = _read_syringe(state, measured.frame, amount_mm2, hidden, run)
    state, why = _other_sources(state, measured, run)
    time_s, settings = measured.frame.time_s, run.settings.volume
    growth = _growth(state.amounts, time_s, amount_mm2, settings.growth_s)
    amounts = _with_amount(state.amounts, time_s, amount_mm2, settings.growth_s)
    factor = state.factor
    ml = None if factor is None or hidden else factor.volume_ml(added, pixel_mm2)
    sigma_ml = None
    if ml is not None and factor is not None:
        sigma_ml = ml * math.hypot(factor.relative_sigma, settings.form_sigma)
    now = CementVolume(
        ml,
        sigma_ml,
        None if factor is None else factor.source,
        hidden or ("" if factor is not None else why),
        None if run.calibration.mm_per_px is None else amount_mm2,
        None if hidden else growth,
        settings.growth_s,
        state.refused,
    )
    return replace(state, amounts=amounts, last=(measured.frame.index, time_s), now=now)


def kept_factor(before: VolumeState, calibrated: bool) -> VolumeState:
    """Return the state for another baseline of the same patient: the cement stays the same.

    Parameters
    ----------
    before : VolumeState
    calibrated : bool
        Whether it was and is calibrated; else millimetres are nominal and may have changed.
    """
    return VolumeState(factor=before.factor if calibrated else None)


def _of_cement(measured: Measured, settings: VolumeSettings) -> tuple[Array, str]:
    """Return added attenuation in the cement, and why it is not all of it; empty if it is."""
    mask, box = measured.mask, measured.box
    if box is None:
        return np.zeros(0, np.float32), ""
    added = measured.added[box][mask[box]]
    if cut_off_share(mask, box, measured.seen) > settings.cut_share:
        return added, text("cement reaches the edge of what the image shows")
    pixel_format = measured.frame.acquisition.pixel_format
    if dark_share(measured.attenuation, mask, box, pixel_format) > settings.dark_share:
        return added, text("cement is as dark as the image can be")
    return added, ""


def _read_syringe(
    state: VolumeState, frame: Frame, amount_mm2: float, hidden: str, run: VolumeRun
) -> VolumeState:
    """Use the newest reading of the syringe that came since the last frame."""
    due = [one for one in run.marks.cement.syringe if run.first_frame < one.frame <= frame.index]
    if not due or due[-1] == state.used:
        return state
    reading, settings = due[-1], run.settings.volume
    waited_s = _waited_s(state, reading, frame)
    refused, factor = "", state.factor
    if amount_mm2 <= 0.0:
        refused = text("no cement was detected then")
    elif hidden:
        refused = hidden
    elif waited_s > settings.reading_within_s:
        refused = text("no image was assessed for {s:.0f} s then", s=waited_s)
    else:
        factor = run.factors.from_syringe(reading.ml, amount_mm2)
        if run.calibration.mm_per_px is not None and not run.factors.is_possible(factor):
            factor = state.factor
            refused = text("no cement looks like that at {ml:g} mL", ml=reading.ml)
    return replace(state, factor=factor, used=reading, refused=refused)


def _waited_s(state: VolumeState, reading: SyringeReading, frame: Frame) -> float:
    """Return how long frames came after a reading that could not be assessed.

    A pause between looks does not count: nothing is injected unseen.
    """
    if state.last is None:
        return 0.0
    index, time_s = state.last
    return (frame.index - reading.frame) * (frame.time_s - time_s) / (frame.index - index)


def _other_sources(
    state: VolumeState, measured: Measured, run: VolumeRun
) -> tuple[VolumeState, str]:
    """Find a factor from product or bore if there is none, or why there is none."""
    factor, factors = state.factor, run.factors
    if factor is not None and (state.bore is None or factor.source is FactorSource.SYRINGE):
        return state, ""
    kv, cannula = run.acquisition.tube_kv, measured.cannula
    missing = _missing(measured, run)
    if missing or kv is None or cannula is None:
        return state, missing
    beam, tube = factors.beam_of(kv), factors.tube_of(run.gauge, cannula)
    if run.opacifier is None:
        return _from_bore(state, measured, (tube, beam), run)
    scatter = factors.scatter_seen(cannula, tube, beam)
    if scatter is None:
        return state, _NO_STEEL
    found = factors.from_product(run.opacifier, beam, scatter)
    return replace(state, factor=found), ""


def _missing(measured: Measured, run: VolumeRun) -> str:
    """Return what product and bore lack to give a factor; empty if nothing."""
    lacks = (
        (
            run.opacifier is None and run.gauge is None,
            text("neither a syringe reading nor product or gauge is known"),
        ),
        (run.calibration.mm_per_px is None, text("the pixel spacing at the vertebra is unknown")),
        (
            not attenuation_scale_known(run.acquisition.pixel_format),
            text("the image is not linear in X-ray intensity: enter the syringe"),
        ),
        (
            run.acquisition.tube_kv is None,
            text("the header has no tube voltage: enter the syringe"),
        ),
        (
            run.marks.view is not View.LATERAL or measured.cannula is None,
            text("no cannula is seen in a lateral view: enter the syringe"),
        ),
    )
    return next((why for is_missing, why in lacks if is_missing), "")


def _from_bore(
    state: VolumeState, measured: Measured, model: tuple[Tube, Beam], run: VolumeRun
) -> tuple[VolumeState, str]:
    """Follow what fills the bore, and find the factor once it was seen for long enough."""
    settings, factors, time_s = run.settings.volume, run.factors, measured.frame.time_s
    cannula, content, bore = measured.cannula, measured.content, state.bore
    seen_mm = 0.0
    if cannula is not None and content is not None:
        seen_mm = factors.bore_seen_mm(cannula, content)
    if cannula is None or seen_mm <= 0.0:
        return state, text("no cement is seen in the cannula yet")
    bore = BoreMean(time_s, seen_mm) if bore is None else bore.with_frame(seen_mm)
    state, seen_s = replace(state, bore=bore), time_s - bore.since_s
    if seen_s < settings.lumen_s:
        return state, text("no cement is seen in the cannula yet")
    if state.factor is not None and seen_s < settings.lumen_until_s:
        return state, ""
    tube, beam = model
    scatter = factors.scatter_seen(cannula, tube, beam)
    if scatter is None:
        return replace(state, bore=None), _NO_STEEL
    factor = factors.from_bore(bore.mean_mm, tube, beam, scatter)
    if factor.relative_sigma > settings.most_lumen_sigma:
        return state, text("the cement in the cannula is too faint: enter the syringe")
    if seen_s >= settings.lumen_until_s:
        state = replace(state, bore=None)
    return replace(state, factor=factor), ""


def _growth(
    amounts: tuple[tuple[float, float], ...], time_s: float, amount: float, growth_s: float
) -> float | None:
    """Return by which share the amount grew within `growth_s`; None if there was none then."""
    earlier = [one for at_s, one in amounts if at_s <= time_s - growth_s]
    return amount / earlier[-1] - 1.0 if earlier and earlier[-1] > 0.0 else None


def _with_amount(
    amounts: tuple[tuple[float, float], ...], time_s: float, amount: float, growth_s: float
) -> tuple[tuple[float, float], ...]:
    """Add an amount, and drop those older than the last one that growth is measured from."""
    if amounts and (time_s - amounts[-1][0] < _STEP_S):
        if time_s >= amounts[-1][0]:
            return amounts
        amounts = ()  # the clock went back
    kept = [*amounts, (time_s, amount)]
    while len(kept) > 1 and kept[1][0] <= time_s - growth_s:
        kept.pop(0)
    return tuple(kept)
