"""`leakwatch run` tells its window where key images of the running record go."""

from __future__ import annotations

import injection
import pytest
from typer.testing import CliRunner

from leakwatch.cli import run as run_module
from leakwatch.cli.program import app
from leakwatch.gui import app as gui_app
from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker


@pytest.mark.parametrize("keep", [True, False])
def test_key_images_go_beside_the_record(tmp_path, monkeypatch, keep):
    seen = []

    def look(session, title, record, recorded):
        seen.append((recorded.key_images, recorded.folder()))

    monkeypatch.setattr(gui_app, "show_live", look)
    monkeypatch.setattr(run_module, "require_display", lambda *_: None)
    injection.write_dicom(tmp_path / "one.dcm")
    out = tmp_path / "out"
    options = ["--out", str(out)] if keep else ["--no-record"]
    done = CliRunner().invoke(app, ["run", f"replay:{tmp_path / 'one.dcm'}", "--no-case", *options])
    assert done.exit_code == 0, done.output
    ((worker, folder),) = seen
    assert isinstance(worker, KeyImageWorker)
    assert folder == (out if keep else None)
