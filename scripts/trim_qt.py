"""Remove from this environment the parts of Qt that no window of LeakWatch can load.

`scripts/install` runs it, with the Python of the environment that it made itself, and on no other.
One wheel, PySide6-Essentials, brings widgets, which the windows use, together with QML, Qt Quick,
Qt Designer and their tools, which nothing here uses, and it has no smaller edition: decision 0024.
Modules for tests and all type stubs stay, so that `make test` checks what `make run` runs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

WHEEL = "PySide6-Essentials"
# What Python imports, the libraries below it, and what Qt loads by itself: patterns of fnmatch.
UNUSED = (
    # QML and Qt Quick, but for the libraries that what plays sounds in PySide6-Addons is linked to
    "PySide6/Qt/qml/*",
    "PySide6/Qt/lib/libQt6Quick[A-Z]*",
    "PySide6/Qt/lib/libQt6Qml[CLNX]*",
    "PySide6/Qt/lib/libQt6Labs*",
    "PySide6/Qt/lib/libQt6Lottie*",
    "PySide6/QtQuick*.abi3.so",
    "PySide6/QtQml*.abi3.so",
    "PySide6/libpyside6qml*",
    "PySide6/Qt/plugins/qmllint/*",
    "PySide6/Qt/plugins/qmltooling/*",
    "PySide6/Qt/plugins/vectorimageformats/*",
    "PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboardplugin.so",
    # Designer, help, forms that are read at run time, databases
    "PySide6/Qt/lib/libQt6Designer*",
    "PySide6/Qt/lib/libQt6Help*",
    "PySide6/Qt/lib/libQt6UiTools*",
    "PySide6/Qt/lib/libQt6Sql*",
    "PySide6/QtDesigner.abi3.so",
    "PySide6/QtHelp.abi3.so",
    "PySide6/QtUiTools.abi3.so",
    "PySide6/QtSql.abi3.so",
    "PySide6/Qt/plugins/designer/*",
    "PySide6/Qt/plugins/sqldrivers/*",
    # a Wayland server; the client stays
    "PySide6/Qt/lib/libQt6WaylandCompositor*",
    "PySide6/Qt/lib/libQt6WaylandEglCompositor*",
    "PySide6/Qt/plugins/wayland-graphics-integration-server/*",
    # what only compilers and editors of Qt programs read
    "PySide6/Qt/libexec/*",
    "PySide6/Qt/metatypes/*",
    "PySide6/include/*",
    "PySide6/typesystems/*",
    "PySide6/glue/*",
    "PySide6/doc/*",
    # The windows' texts come from our own catalogue.
    "PySide6/Qt/translations/*",
    *(
        f"PySide6/{tool}"
        for tool in (
            "assistant", "designer", "linguist", "lrelease", "lupdate", "qmlformat", "qmllint",
            "qmlls", "svgtoqml",
        )
    ),
)  # fmt: skip


def is_unused(path: str) -> bool:
    """Tell whether no window of LeakWatch loads a file, given as the wheel names it."""
    return any(fnmatch(path, pattern) for pattern in UNUSED)


def find_unused(wheel: Distribution) -> Iterator[Path]:
    """Find what is there of a wheel's files that nothing uses; nothing outside of its folder."""
    for file in wheel.files or ():
        if is_unused(PurePosixPath(file).as_posix()):
            path = Path(str(wheel.locate_file(file)))
            if path.is_file() and not path.is_symlink():
                yield path


def trim(wheel: Distribution) -> float:
    """Remove the unused files; return how many MB they took, as `du -m` counts."""
    size = 0
    for path in find_unused(wheel):
        size += path.stat().st_size
        path.unlink()
    return size / (1 << 20)


def main() -> None:
    """Trim Qt where it is installed, and say so."""
    try:
        wheel = distribution(WHEEL)
    except PackageNotFoundError:
        return
    mega = trim(wheel)
    if mega > 0.0:
        sys.stdout.write(
            f"Removed {mega:.0f} MB of {WHEEL} that no window loads (QML, Qt Quick, Designer).\n"
        )


if __name__ == "__main__":
    main()
