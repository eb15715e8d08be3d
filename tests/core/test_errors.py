"""An error keeps the template of its message, so that it can be shown in another language."""

from __future__ import annotations

import pickle

import pytest

from leakwatch.core.errors import CaseError, LeakWatchError, SourceEndedEarly
from leakwatch.core.messages import text, translate


@pytest.mark.parametrize("kind", [LeakWatchError, CaseError, SourceEndedEarly])
def test_an_error_can_be_translated(kind: type[LeakWatchError]) -> None:
    error = kind(text("{path}: no frame.", path="a.dcm"))
    assert str(error) == f"{error}" == "a.dcm: no frame."
    assert translate(str(error), "x-marked") == "⟦a.dcm: no frame.⟧"
    again = pickle.loads(pickle.dumps(error))
    assert translate(str(again), "x-marked") == "⟦a.dcm: no frame.⟧"


def test_an_error_without_a_message_has_an_empty_one() -> None:
    assert str(LeakWatchError()) == ""
