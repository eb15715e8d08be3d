"""The parts of Qt that `make` takes out: what stays works without them, and is below 500 MB."""

from __future__ import annotations

import csv
import re
from importlib.metadata import Distribution, PathDistribution, distribution, requires
from pathlib import Path, PurePosixPath

import pytest
from loaded_module import load_module
from packaging.requirements import Requirement

TRIM = load_module("scripts/trim_qt.py")
# Sizes are those that `du -m` prints, as scripts/install does.
MB, BLOCK = 1 << 20, 4096
# What an environment has besides its packages: pip, and byte code of the modules that are used.
PIP_MB, BYTE_CODE_MB = 11, 13


def find_packages(extra: str) -> dict[str, Distribution]:
    """Return what an installation with an extra brings, needed packages included."""
    found: dict[str, Distribution] = {}
    wanted = [Requirement(one) for one in requires("leakwatch-fluoro") or ()]
    wanted = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": extra})]
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop().name).lower()
        if name in found:
            continue
        found[name] = distribution(name)
        needs = [Requirement(one) for one in found[name].requires or ()]
        wanted += [one for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def list_sizes(package: Distribution) -> dict[str, int]:
    """Return the files of a package as it was made, with their bytes on a disk; no byte code.

    They are read from the record: `Distribution.files` leaves out what was removed since.
    """
    rows = csv.reader((package.read_text("RECORD") or "").splitlines())
    return {
        file: -(-int(size or 0) // BLOCK) * BLOCK
        for file, _, size in rows
        if not file.endswith(".pyc")
    }


def test_with_a_window_the_environment_is_below_500_mb() -> None:
    packages = find_packages("gui")
    assert {"numpy", "pyside6-essentials", "pydicom", "pyqtgraph"} <= set(packages)
    sizes = {file: size for one in packages.values() for file, size in list_sizes(one).items()}
    kept = sum(size for file, size in sizes.items() if not TRIM.is_unused(file)) / MB
    assert kept + PIP_MB + BYTE_CODE_MB < 500
    # What README and the page on installing say.
    assert sum(sizes.values()) / MB - kept == pytest.approx(102, abs=10)


def test_nothing_that_stays_is_linked_to_what_is_removed() -> None:
    essentials, addons = distribution("PySide6-Essentials"), distribution("PySide6-Addons")
    files = [PurePosixPath(file) for file in list_sizes(essentials) if ".so" in Path(file).name]
    removed = {file.name.encode() for file in files if TRIM.is_unused(file.as_posix())}
    assert b"libQt6Designer.so.6" in removed
    stays = [file for file in files if not TRIM.is_unused(file.as_posix())]
    # What plays alarms is in the other wheel.
    stays += [
        PurePosixPath(file) for file in list_sizes(addons) if "ultimedia" in file and ".so" in file
    ]
    stays = [file for file in stays if "Quick" not in file.name and "qml" not in str(file)]
    assert any(file.name == "libffmpegmediaplugin.so" for file in stays)
    for file in stays:
        words = set(
            re.findall(rb"libQt6\w+\.so\.6", Path(str(essentials.locate_file(file))).read_bytes())
        )
        assert not words & removed, file


def make_wheel(site: Path, *files: str) -> Distribution:
    """Install a made-up wheel of some files."""
    info = site / "pyside6_essentials-6.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: PySide6_Essentials\nVersion: 6.0\n"
    )
    for file in files:
        path = site / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(MB))
    (info / "RECORD").write_text("".join(f"{file},,1048576\n" for file in (*files, "gone.so")))
    return PathDistribution(info)


def test_it_takes_out_what_is_listed_and_nothing_else(tmp_path: Path) -> None:
    used = ("PySide6/QtWidgets.abi3.so", "PySide6/Qt/lib/libQt6Quick.so.6", "PySide6/QtQml.pyi")
    unused = ("PySide6/Qt/lib/libQt6QuickShapes.so.6", "PySide6/Qt/qml/QtQuick/a/b.qml")
    other = tmp_path / "PySide6" / "Qt" / "qml" / "mine.qml"
    wheel = make_wheel(tmp_path, *used, *unused)
    other.write_text("of another package")
    assert TRIM.trim(wheel) == 2.0
    assert TRIM.trim(wheel) == 0.0
    assert [file for file in used if not (tmp_path / file).exists()] == []
    assert [file for file in unused if (tmp_path / file).exists()] == []
    assert other.exists()
