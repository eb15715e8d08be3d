"""Write the catalogues of translations anew from the texts in the code.

    python scripts/write_catalogue.py          # after a text was added, changed or removed
    python scripts/write_catalogue.py --check  # exit code 1 where they are not up to date

New texts are added without a translation and shown in English until somebody adds one to
leakwatch/locale/LANGUAGE/LC_MESSAGES/leakwatch.po; texts that are gone leave the catalogue. The
binary catalogues beside them are what the program reads.
"""

from __future__ import annotations

import argparse
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent / "leakwatch"
# A date of its own would make the files differ at each run.
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
# The second two are names for the first in modules with a `text` of their own.
KEYWORDS = {"text": None, "counted": (1, 2), "message": None, "counted_text": (1, 2)}


def main() -> int:
    """Write the catalogues, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if stale")
    check = parser.parse_args().check
    texts, stale = extract(), []
    for path in sorted(PACKAGE.glob("locale/*/LC_MESSAGES/leakwatch.po")):
        written = updated(path, texts)
        for target, content in ((path, po_of(written)), (path.with_suffix(".mo"), mo_of(written))):
            if target.exists() and target.read_bytes() == content:
                continue
            stale.append(target)
            if not check:
                target.write_bytes(content)
        whole = sum(bool(one.id) for one in written)
        done = sum(bool(one.id and one.string and any(one.string)) for one in written)
        print(f"{path.parent.parent.name}: {done} of {whole} texts translated")
    if check and stale:
        names = ", ".join(str(one.relative_to(PACKAGE.parent)) for one in stale)
        print(f"{names}: not up to date. Run python scripts/write_catalogue.py.", file=sys.stderr)
    return int(check and bool(stale))


def extract() -> Catalog:
    """Return all texts of the code, without translations."""
    catalogue = Catalog(project="leakwatch", fuzzy=False)
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=KEYWORDS)
    for name, _, message, _, _ in sorted(found, key=lambda one: (str(one[2]), one[0])):
        # Without line numbers, which would change with every edit of a file.
        catalogue.add(message, locations=[(f"leakwatch/{name}", 0)])
    return catalogue


def updated(path: Path, texts: Catalog) -> Catalog:
    """Return a catalogue with the texts of the code, and the translations that it has."""
    with path.open("rb") as file:
        known = read_po(file, locale=path.parent.parent.name, domain="leakwatch")
    new = Catalog(locale=known.locale, project="leakwatch", fuzzy=False)
    new.revision_date = new.creation_date = NO_DATE
    for one in texts:
        if one.id:
            before = known.get(one.id if isinstance(one.id, str) else one.id[0])
            string = before.string if before is not None else None
            new.add(one.id, string, locations=sorted(set(one.locations)))
    return new


def po_of(catalogue: Catalog) -> bytes:
    """Return a catalogue as text."""
    stream = io.BytesIO()
    write_po(
        stream, catalogue, width=100, sort_output=True, omit_header=False, include_lineno=False
    )
    return stream.getvalue()


def mo_of(catalogue: Catalog) -> bytes:
    """Return a catalogue as the program reads it."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
