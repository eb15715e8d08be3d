"""Settings of the archive that key images are sent to."""

from __future__ import annotations

from typing import Annotated

import msgspec

from leakwatch.config.ranges import within


class ArchiveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An archive that takes objects by C-STORE. Nothing is sent unless `host` is set.

    Parameters
    ----------
    host : str
        Name or address; empty: key images are written beside the record and not sent.
    port : int
        104 is that of the standard; many archives listen on 11112.
    ae_title : str
        Title of the archive.
    calling_ae_title : str
        Title of this program; many archives accept known titles only.
    timeout_s : float
        Maximum time to wait for the connection, and for each answer, s: nothing else waits
        meanwhile, and an archive in a hospital answers within a second or two.
    """

    host: str = ""
    port: Annotated[int, within(1, 65535)] = 104
    ae_title: str = "ARCHIVE"
    calling_ae_title: str = "LEAKWATCH"
    timeout_s: Annotated[float, within(0.5, 120.0)] = 10.0

    def __post_init__(self) -> None:
        """Refuse titles that DICOM does not know (PS3.5 6.2: 1 to 16 letters, no backslash)."""
        for name in ("ae_title", "calling_ae_title"):
            title = getattr(self, name)
            plain = title.isascii() and title.isprintable() and "\\" not in title
            if not plain or not 1 <= len(title.strip()) <= len(title) <= 16:
                raise ValueError(f"{name} {title!r}: write 1 to 16 letters or digits")
