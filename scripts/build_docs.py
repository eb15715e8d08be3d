"""Build the documentation as a site, strict: any warning of Sphinx ends it (`make docs`).

Each version has a folder of its own below --out, and versions.json lists them for the menu.
index.html leads to the newest. To publish, copy --out to a web server; to add
a version, build its tag into the same --out. Opened from a disk it works as well, search included.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FIRST_PAGE = "README.html"


def leads_to(target: str) -> str:
    """Return a page that leads to another."""
    return (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>LeakWatch</title>\n'
        f'<meta http-equiv="refresh" content="0; url={target}">\n<a href="{target}">LeakWatch</a>\n'
    )


def write_versions(out: Path) -> None:
    """List the versions that are in a folder, the newest first, and lead to that one."""
    from packaging.version import Version

    found = [page.parent.name for page in out.glob(f"*/{FIRST_PAGE}")]
    versions = sorted(found, key=Version, reverse=True)
    (out / "versions.json").write_text(json.dumps(versions) + "\n", "utf-8")
    (out / "index.html").write_text(leads_to(f"{versions[0]}/{FIRST_PAGE}"), "utf-8")


def build(out: Path) -> int:
    """Build the version of this checkout; 0 where no warning was given."""
    from sphinx.cmd.build import main as sphinx

    import leakwatch

    folder = out / leakwatch.__version__
    cache = out / ".doctrees"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(cache, ignore_errors=True)
    options = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(cache)]
    failed = sphinx([*options, str(REPOSITORY / "docs"), str(folder)])
    shutil.rmtree(cache, ignore_errors=True)
    if not failed:
        (folder / "index.html").write_text(leads_to(FIRST_PAGE), "utf-8")
        write_versions(out)
    return failed


def main() -> int:
    """Build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "site")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    failed = build(given.out)
    if not failed:
        sys.stdout.write(f"{given.out / 'index.html'}\n")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
