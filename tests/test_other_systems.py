"""What only POSIX or only Linux has: the program has to do without, as on Windows and on a Mac."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_it_works_without_what_another_system_lacks(system: str, tmp_path: Path) -> None:
    program, sample = (
        ROOT / "tests" / "support" / "without_posix.py",
        ROOT / "sample_dicom" / "contained.dcm",
    )
    own = {
        "PYTHONPATH": str(ROOT),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_DATA_HOME": str(tmp_path),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, program, system, sample, tmp_path],
        env=os.environ | own,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
