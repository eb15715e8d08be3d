"""What a case says of the cement: product, gauge, readings of the syringe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leakwatch.case_files.case_file import encode_case, load_case
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import View
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.volume import CementInputs, SyringeReading

MINIMAL = {"schema": "leakwatch.case/1", "dicom": "a.dcm", "view": "lateral"}
WHOLE = CementInputs("BaSO4 30 %", 11, (SyringeReading(40, 0.5), SyringeReading(90, 1.25)))


def written(folder: Path, **keys: Any) -> Path:
    path = folder / "a.case.json"
    path.write_text(json.dumps(MINIMAL | keys))
    return path


def test_a_case_holds_what_is_known_of_the_cement(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        cement_product="BaSO4 30 %",
        cannula_gauge=11,
        syringe_ml=[[40, 0.5], [90, 1.25]],
    )
    assert load_case(path).marks.cement == WHOLE
    assert load_case(written(tmp_path)).marks.cement == CementInputs()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "b.case.json"
    path.write_bytes(encode_case(CaseFile("b.dcm", Marks(View.AP, cement=WHOLE))))
    assert load_case(path).marks.cement == WHOLE
    bare = encode_case(CaseFile("b.dcm", Marks(View.AP)))
    assert not {"cement_product", "cannula_gauge", "syringe_ml"} & set(json.loads(bare))


@pytest.mark.parametrize(
    ("keys", "found", "advice"),
    [
        ({"syringe_ml": [[40, 0]]}, "found 0", "0.1 to 20 mL"),
        ({"syringe_ml": [[40, 50]]}, "found 50", "0.1 to 20 mL"),
        ({"syringe_ml": [[40, -1.5]]}, "found -1.5", "0.1 to 20 mL"),
        ({"syringe_ml": [[0, 1.5]]}, "found 0", "a frame from 1"),
        ({"syringe_ml": [[40, "1.5"]]}, '"1.5"', "pairs [frame, mL]"),
        ({"syringe_ml": 1.5}, "found 1.5", "pairs [frame, mL]"),
        ({"syringe_ml": []}, "found []", "pairs [frame, mL]"),
        ({"syringe_ml": [[1 + at, 1.5] for at in range(201)]}, "length", "one to 200 pairs"),
        ({"syringe_ml": [[9, 1.5], [4, 2.0]]}, "frame 4 after one at frame 9", "in the order"),
        ({"syringe_ml": [[9, 1.5], [9, 2.0]]}, "frame 9 after one at frame 9", "in the order"),
        ({"cannula_gauge": 12}, "found 12", "8, 10, 11 or 13"),
        ({"cannula_gauge": "11"}, '"11"', "8, 10, 11 or 13"),
        ({"cement_product": ""}, '""', "name of a product"),
        ({"cement_product": None}, "null", "name of a product"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(
    tmp_path: Path, keys: dict[str, Any], found: str, advice: str
) -> None:
    path = written(tmp_path, **keys)
    with pytest.raises(CaseError) as error:
        load_case(path)
    said = str(error.value)
    assert said.startswith(f"{path}: ")
    assert next(iter(keys)) in said
    assert found in said
    assert advice in said
