"""Codes of vertebrae: context group 7603 of PS3.16, in SNOMED CT."""

from __future__ import annotations

import re

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

# Letters of a region in English, German and Spanish use, by that of the code.
_REGIONS = {
    "C": "C", "HW": "C", "HWK": "C",
    "T": "T", "TH": "T", "D": "T", "BW": "T", "BWK": "T",
    "L": "L", "LW": "L", "LWK": "L",
}  # fmt: skip
_VERTEBRAE = {"C": 7, "T": 12, "L": 5}
_NAME = re.compile(r"\s*([A-Z]+)[\s.-]*0*([1-9][0-9]?)\s*", re.IGNORECASE)


def vertebra_code(name: str | None) -> Code:
    """Return the code of a vertebra.

    Parameters
    ----------
    name : str or None
        As a person wrote it, such as ``T11``, ``Th 11`` or ``BWK 11``.

    Returns
    -------
    Code
        "Vertebra" if `name` is not that of a single cervical, thoracic or lumbar one.
    """
    found = None if name is None else _NAME.fullmatch(name)
    region = None if found is None else _REGIONS.get(found[1].upper())
    code: Code = codes.SCT.Vertebra
    if found is not None and region is not None and int(found[2]) <= _VERTEBRAE[region]:
        code = getattr(codes.cid7603, f"{region}{found[2]}Vertebra")
    return code
