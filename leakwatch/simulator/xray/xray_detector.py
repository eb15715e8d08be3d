"""Detector: scatter, quanta, blur, lag and quantization to stored values."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.core.frame import IntensityRelationship

Image = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint16]

# Scatter comes from everywhere in the patient: its spread at the detector, and how finely it is
# computed (it is smooth, so that a picture of this step shows all of it).
_SCATTER_SIGMA_MM, _GLARE_SIGMA_MM, _COARSE_MM = 28.0, 12.0, 2.0


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector and its settings.

    Parameters
    ----------
    scatter_share : float
        Scatter in the mean signal, 0 to 0.8, behind the grid.
    glare_share : float
        Signal that an image intensifier spreads over its screen; a flat panel has none.
    blur_px : float
        Standard deviation of the scintillator's spread.
    quanta_per_pixel : float
        Quanta absorbed in a pixel, in a pulse, where the signal has its set value: the dose.
    electronic_quanta : float
        Standard deviation of the electronics' noise, in quanta.
    lag : float
        Share of a frame that is left in the next one.
    bits : int
        Bits stored.
    relationship : IntensityRelationship
    inverted : bool
        MONOCHROME1: small values are bright.
    set_value : float
        Stored value that brightness control brings the middle of a LIN picture to, as a share of
        the greatest one.
    """

    scatter_share: float
    glare_share: float
    blur_px: float
    quanta_per_pixel: float
    electronic_quanta: float
    lag: float
    bits: int
    relationship: IntensityRelationship
    inverted: bool
    set_value: float

    @property
    def top(self) -> int:
        """Maximum stored value."""
        return (1 << self.bits) - 1


def add_scatter(
    primary: Image,
    field: Image,
    detector: Detector,
    pitch_mm: float,
    widest: Image | None = None,
) -> Image:
    """Add scatter by the patient and veiling glare of the screen.

    Both are the primary picture, smeared far, so that dark places gain most: the convolution
    model of scatter (doi:10.1118/1.594829 onwards). Seen contrast falls by ``1 - share``.

    Parameters
    ----------
    primary : ndarray
        ``(rows, columns)``.
    field : ndarray
        Share of each pixel that the shutter leaves open.
    detector : Detector
    pitch_mm : float
        At the detector.
    widest : ndarray or None
        The field for which the shares of scatter and glare hold; a smaller one scatters less.
        None: `field`.
    """
    seen, full = primary * field, field if widest is None else widest
    ratio = detector.scatter_share / (1.0 - detector.scatter_share)
    if ratio:
        seen = seen + ratio * _wide_blur(seen, full, _SCATTER_SIGMA_MM / pitch_mm, pitch_mm)
    if detector.glare_share:
        glare = _wide_blur(seen, full, _GLARE_SIGMA_MM / pitch_mm, pitch_mm)
        seen = (1.0 - detector.glare_share) * seen + detector.glare_share * glare
    return seen


def _wide_blur(image: Image, field: Image, sigma_px: float, pitch_mm: float) -> Image:
    """Blur widely on a coarse grid, normalized at the border of the field."""
    rows, columns = image.shape
    step = max(1, round(_COARSE_MM / pitch_mm))
    size = (max(1, columns // step), max(1, rows // step))
    coarse = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (image, field)]
    blurred = [cv2.GaussianBlur(part, (0, 0), sigma_px / step) for part in coarse]
    ratio = blurred[0] / np.maximum(blurred[1], 1e-6)
    smeared: Image = cv2.resize(ratio, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return smeared


def absorb(signal: Image, scale: float, detector: Detector, rng: np.random.Generator) -> Image:
    """Add quantum noise and detector blur, in units of the signal.

    Quantum noise is Poisson's, taken as normal with its variance: counts are well above ten, and
    a generator that takes as many numbers for any picture keeps sequences comparable. The
    scintillator spreads quanta after they are counted, which makes the noise of neighbours alike.

    Parameters
    ----------
    signal : ndarray
        ``(rows, columns)``.
    scale : float
        Quanta for a signal of 1.
    detector : Detector
    rng : numpy.random.Generator
    """
    noise = rng.standard_normal((2, *signal.shape))
    quanta = signal * scale
    quanta = quanta + noise[0] * np.sqrt(np.maximum(quanta, 0.0))
    if detector.blur_px:
        quanta = cv2.GaussianBlur(quanta, (0, 0), detector.blur_px)
    counted: Image = (quanta + detector.electronic_quanta * noise[1]) / scale
    return counted


def add_lag(signal: Image, before: Image | None, detector: Detector, pulses: float = 1.0) -> Image:
    """Add the lag of the previous frame.

    Parameters
    ----------
    signal, before : ndarray
        ``(rows, columns)``; None where nothing was before.
    detector : Detector
    pulses : float
        Time since that frame over the time between pulses: what is left dies away in a pause.
    """
    if before is None:
        return signal
    left = detector.lag**pulses
    mixed: Image = (1.0 - left) * signal + left * before
    return mixed


# Toe and shoulder of a display curve: what is stored follows neither the beam nor its log.
_DISPLAY_GAMMA = 0.62


def to_stored(value: Image, field: Image, detector: Detector, displayed: bool = False) -> Pixels:
    """Convert a signal, 1 at the maximum value, to stored pixels; blank outside the field.

    Parameters
    ----------
    value, field : ndarray
        ``(rows, columns)``.
    detector : Detector
    displayed : bool
        The signal went through a display curve already.
    """
    share = np.clip(value, 0.0, 1.0)
    top = float(detector.top)
    if displayed:
        pass
    elif detector.relationship is IntensityRelationship.LOG:
        share = np.log1p(share * top) / np.log1p(top)
    elif detector.relationship is IntensityRelationship.DISP:
        curve = share**_DISPLAY_GAMMA
        share = curve * curve * (3.0 - 2.0 * curve) * 0.5 + curve * 0.5
    share = np.where(field > 0.0, share, 0.0)
    digits = np.rint(share * top)
    if detector.inverted:
        digits = top - digits
    return digits.astype(np.uint16)
