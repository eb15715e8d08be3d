"""Numbers with the digits that their uncertainty allows, the same wherever they are shown. Pure."""

from __future__ import annotations

import math

from leakwatch.core.messages import text

# Less cannot be told apart on an image of 0.2 mm per pixel, nor on the scale of a syringe.
FINEST_MM = FINEST_ML = 0.1
# An outline is known to no better than this.
FINEST_MM2 = 1.0
# Pixel spacing is known to some thousandths of a millimetre at best.
FINEST_SPACING_MM = 0.0001
# A first digit below this gets a second one: rounding 1.4 to 1 would change it by a third.
_TWO_DIGITS_BELOW = 2


def round_to_uncertainty(
    value: float, sigma: float | None, finest: float
) -> tuple[float, float | None]:
    """Return a value and its standard deviation, rounded to the digits that it allows.

    Parameters
    ----------
    value : float
    sigma : float or None
        None: unknown; the value is rounded to `finest`.
    finest : float
        Smallest step that is ever shown, a power of ten; a smaller `sigma` is shown as this.
    """
    places = _decimal_places(sigma, finest)
    if sigma is None:
        return round(value, places), None
    return round(value, places), round(max(sigma, finest), places)


def quantity_text(value: float, sigma: float | None, unit: str, finest: float) -> str:
    """Return a value with its standard deviation and unit, such as ``2.6 ± 0.4 mm``.

    Parameters
    ----------
    value : float
    sigma : float or None
        None: unknown, and not shown.
    unit : str
    finest : float
        As in `round_to_uncertainty`.
    """
    rounded, spread = round_to_uncertainty(value, sigma, finest)
    places = max(_decimal_places(sigma, finest), 0)
    if spread is None:
        return f"{rounded:.{places}f} {unit}"
    return f"{rounded:.{places}f} ± {spread:.{places}f} {unit}"


def wall_distance_text(distance_mm: float, sigma_mm: float | None) -> str:
    """Return a distance to the posterior wall; behind it, the number is how far behind.

    Parameters
    ----------
    distance_mm : float
        Negative behind the wall.
    sigma_mm : float or None
    """
    number = quantity_text(abs(distance_mm), sigma_mm, "mm", FINEST_MM)
    return text("{distance} behind the wall", distance=number) if distance_mm < 0.0 else number


def spacing_text(mm_per_px: float, sigma: float | None) -> str:
    """Return a pixel spacing without its unit."""
    return quantity_text(mm_per_px, sigma, "", FINEST_SPACING_MM if sigma else 0.001).rstrip()


def area_text(area_mm2: float) -> str:
    """Return an area."""
    return quantity_text(area_mm2, None, "mm²", FINEST_MM2)


def _decimal_places(sigma: float | None, finest: float) -> int:
    """Return the decimal places to show; negative ones round to tens or hundreds."""
    most = -math.floor(math.log10(finest) + 0.5)
    if sigma is None or sigma <= finest or not math.isfinite(sigma):
        return most
    exponent = math.floor(math.log10(sigma))
    # 0.96 is 1.0 once it is rounded, which begins with 1 again.
    first = float(f"{sigma:.1e}") / 10.0**exponent
    if first >= 10.0:
        exponent, first = exponent + 1, first / 10.0
    return min(most, -exponent + (first < _TWO_DIGITS_BELOW))
