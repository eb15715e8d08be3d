"""`import leakwatch`: quick, and nothing but the documented names."""

from __future__ import annotations

import subprocess
import sys

import pytest

import leakwatch
from leakwatch import api

HEAVY = ("av", "cv2", "matplotlib", "numpy", "pydicom", "PySide6", "scipy", "typer")


def said(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_the_import_alone_loads_nothing_heavy() -> None:
    code = f"import leakwatch, sys; print([one for one in {HEAVY} if one in sys.modules])"
    assert said(code) == "[]"


def test_the_interface_loads_no_window_no_simulator_and_no_benchmark() -> None:
    code = (
        "import leakwatch, sys; leakwatch.Monitor, leakwatch.evaluate; "
        "print([one for one in sys.modules "
        "if one.startswith(('PySide6', 'leakwatch.simulator', 'leakwatch.benchmark', "
        "'leakwatch.gui'))])"
    )
    assert said(code) == "[]"


def test_openblas_is_still_kept_to_one_thread() -> None:
    code = (
        "import os; os.environ.pop('OPENBLAS_NUM_THREADS', None); import leakwatch; "
        "print(os.environ['OPENBLAS_NUM_THREADS'], leakwatch.__version__)"
    )
    assert said(code) == f"1 {leakwatch.__version__}"


def test_every_name_is_there_and_nothing_else_is_listed() -> None:
    assert dir(leakwatch) == sorted(leakwatch.__all__)
    assert set(leakwatch.__all__) == {*api.__all__, "__version__"}
    for name in api.__all__:
        assert getattr(leakwatch, name) is getattr(api, name)


def test_a_name_that_is_not_there_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'analyse'"):
        leakwatch.analyse  # type: ignore[attr-defined]  # noqa: B018


def test_modules_of_the_package_can_be_imported_as_before() -> None:
    assert (
        said("from leakwatch.pipeline import stages; print(stages.__name__)")
        == "leakwatch.pipeline.stages"
    )
