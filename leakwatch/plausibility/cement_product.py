"""Check that the cement product named in a case has settings."""

from __future__ import annotations

from leakwatch.config import Settings
from leakwatch.core.errors import CaseError
from leakwatch.core.marks import CaseFile
from leakwatch.core.messages import text


def check_cement_product(case: CaseFile, settings: Settings, name: str = text("the case")) -> None:
    """Check that the settings have the product of a case.

    Parameters
    ----------
    case : CaseFile
    settings : Settings
    name : str
        Name of the case in messages, usually its path.

    Raises
    ------
    CaseError
        They do not: its volume would be unknown for a reason that nobody sees.
    """
    wanted = case.marks.cement.product
    known = [product for product, _, _ in settings.volume.products]
    if wanted is not None and wanted not in known:
        raise CaseError(
            text(
                "{name}: cement_product is {wanted!r}, which the settings do not have. Give one of "
                "{known}, or add it to products in section [volume] of the settings.",
                name=name,
                wanted=wanted,
                known=", ".join(known),
            )
        )
