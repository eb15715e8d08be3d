"""What every test may ask for. Qt must be told to draw offscreen before anything imports it."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent

# Whether an example passes depends on no clock: machines are busy.
settings.register_profile("leakwatch", deadline=None)
settings.load_profile("leakwatch")


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Test material that lies beside the checkout and is not part of it; skips where absent."""
    folder = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "contract").is_dir():
        pytest.skip(f"no test material at {folder}; LEAKWATCH_SHARED names another place")
    return folder


@pytest.fixture(scope="session", autouse=True)
def case_library() -> Iterator[None]:
    """No test writes into the library of whoever runs it."""
    before = os.environ.get("LEAKWATCH_LIBRARY")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LEAKWATCH_LIBRARY"] = folder
        yield
    os.environ.pop("LEAKWATCH_LIBRARY")
    if before is not None:
        os.environ["LEAKWATCH_LIBRARY"] = before


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C is heard, also where a shell started the tests in its background, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def sideless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample in which no cannula is found, and no tag tells which side is anterior (left)."""
    # Here, for what must not pay for it: pydicom takes its time.
    import pydicom

    data = pydicom.dcmread(REPOSITORY / "sample_dicom" / "contained.dcm")
    del data.PatientOrientation
    path = tmp_path_factory.mktemp("sideless") / "sideless.dcm"
    data.save_as(path)
    return path
