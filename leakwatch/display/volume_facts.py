"""Volume of the cement in words, or its growth and why its volume is unknown. Pure."""

from __future__ import annotations

from leakwatch.core.messages import text
from leakwatch.core.volume import CementVolume, FactorSource
from leakwatch.display.facts import Fact
from leakwatch.display.quantities import FINEST_ML, quantity_text

SOURCE_WORDS = {
    FactorSource.SYRINGE: text("syringe"),
    FactorSource.PRODUCT: text("product"),
    FactorSource.LUMEN: text("cement in the cannula"),
}


def volume_facts(volume: CementVolume) -> list[Fact]:
    """Return the volume with its uncertainty and source; without one, growth and the reason.

    Parameters
    ----------
    volume : CementVolume
    """
    facts = []
    if volume.ml is not None and volume.source is not None:
        facts.append(Fact(text("Cement volume"), volume_text(volume)))
    else:
        if volume.growth is not None:
            percent = text(
                "{percent:+.0f} % in {s:g} s", percent=100.0 * volume.growth, s=volume.growth_s
            )
            facts.append(Fact(text("Cement growth"), percent))
        if volume.why:
            facts.append(Fact(text("Cement volume"), text("unknown: {why}", why=volume.why)))
    if volume.refused:
        facts.append(Fact(text("Syringe reading not used"), volume.refused, warn=True))
    return facts


def volume_text(volume: CementVolume) -> str:
    """Return a known volume with its standard deviation and the source of its factor."""
    assert volume.ml is not None
    assert volume.source is not None
    return volume_words(volume.ml, volume.sigma_ml, volume.source)


def volume_words(ml: float, sigma_ml: float | None, source: FactorSource) -> str:
    """Return a volume with its standard deviation and the source of its factor."""
    volume = quantity_text(ml, sigma_ml or FINEST_ML, "mL", FINEST_ML)
    return text("{volume} ({source})", volume=volume, source=SOURCE_WORDS[source])
