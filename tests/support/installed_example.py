"""Other packages that bring parts of LeakWatch, installed into a folder without any network."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "leakwatch-example"
Points = Mapping[str, Mapping[str, str]]


def install_example(folder: Path) -> None:
    """Install the example as pip does: its module, and what its pyproject.toml declares."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))
    for module in project["tool"]["setuptools"]["py-modules"]:
        shutil.copy(EXAMPLE / f"{module}.py", folder)
    about = project["project"]
    declare(folder, about["name"], about["entry-points"], about["version"])


def install(folder: Path, name: str, code: str, points: Points) -> None:
    """Install a package of one module."""
    (folder / f"{name}.py").write_text(code, "utf-8")
    declare(folder, name, points)


def declare(folder: Path, name: str, points: Points, version: str = "1.0") -> None:
    """Write the metadata of a package."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        line
        for group, declared in points.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in declared.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
