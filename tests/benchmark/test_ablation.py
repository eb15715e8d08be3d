"""The ablation names functions and settings of the detector; each can be switched off."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from leakwatch.config import Settings

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "ablation.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ablation", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ablation"] = module
    spec.loader.exec_module(module)
    return module


ABLATION = load()


@pytest.mark.parametrize("term", ABLATION.TERMS, ids=lambda term: term.name)
def test_a_term_can_be_switched_off(term) -> None:
    with ABLATION.without(term, Settings()) as settings:
        changed = settings != Settings()
    assert changed == bool(term.settings)
    assert term is ABLATION.TERMS[0] or term.settings or term.functions
