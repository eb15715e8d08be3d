"""Untrusted text is bounded before it is parsed: in bytes, in depth, in numbers."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.benchmark.cases.manifest import load_manifest
from leakwatch.benchmark.report.report_file import load_report
from leakwatch.calibration.calibration_file import load_calibration_file
from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.run_records import read_frames
from leakwatch.case_files.session_file import load_session
from leakwatch.case_files.settings_file import load_settings
from leakwatch.case_files.truth_file import load_truth
from leakwatch.cli.program import app
from leakwatch.core.errors import CaseError, ConfigError, LeakWatchError
from leakwatch.files.bounded_input import (
    OutOfBounds,
    parse_json,
    parse_toml,
    read_at_most,
    why_unread,
)
from leakwatch.simulator.scenario.scenario import load_scenario
from leakwatch.simulator.suite.suite_file import load_suite
from leakwatch.simulator.suite.suite_index import load_index

# A key of 100,000 parts took the parser minutes.
DEEP_TOML = {
    "arrays": "a=" + "[" * 100_000 + "]" * 100_000,
    "tables": "a=" + "{a=" * 100_000 + "1" + "}" * 100_000,
    "header": "[" + ".".join(["a"] * 100_000) + "]",
    "key": ".".join(["a"] * 100_000) + "=1",
    "quoted key": " . ".join(['"\\""'] * 100_000) + "=1",
    "literal key": ".".join(["'a'"] * 100_000) + "=1",
    "behind a string": 'b = """\\""" x """\n' + ".".join(["a"] * 100_000) + "=1",
}


@pytest.mark.parametrize("text", DEEP_TOML.values(), ids=DEEP_TOML)
def test_toml_that_is_nested_without_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is nested more than 32 levels deep"):
        parse_toml(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '"' * 600_000,
        '"\\"' * 200_000,
        "'" * 600_000,
        '"""' + "\\" * 500_000,
        "#" * 600_000,
        "a = [" + ", ".join(["0.5"] * 100_000) + "]",
    ],
)
def test_any_text_takes_no_longer_than_its_length(text: str) -> None:
    with suppress(tomllib.TOMLDecodeError):
        parse_toml(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "version = '1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29."
        "30.31.32.33.34.35'",
        "a = [0.1, 0.2, 0.3]\n" * 1 + "# " + "a." * 50,
        'text = """' + "a.b." * 20 + '"""',
        "\ufeffa = 1",
    ],
)
def test_toml_that_only_looks_deep_is_read(text: str) -> None:
    assert len(parse_toml(text.encode())) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = inf", "has the number inf"),
        ("a = {b = [1, nan]}", "has the number nan"),
        ("a = 0x" + "f" * 500_000, "more than 64 bits"),
        ("a = 9223372036854775808", "more than 64 bits"),
    ],
)
def test_numbers_that_nothing_counts_are_refused(text: str, words: str) -> None:
    with pytest.raises(OutOfBounds, match=words):
        parse_toml(text.encode())


def test_json_is_bounded_alike() -> None:
    for text in (
        "[" * 100_000,
        "[" * 40 + "]" * 40,
        '{"a":' * 100_000,
        '{"a":' * 40 + "1" + "}" * 40,
    ):
        with pytest.raises(OutOfBounds, match="nested more than 32 levels deep"):
            parse_json(text.encode())
    with pytest.raises(ValueError, match=r"64 bits|4300 digits"):
        parse_json(b"1" + b"0" * 5000)
    with pytest.raises(OutOfBounds, match="64 bits"):
        parse_json(b"[9223372036854775808]")
    with pytest.raises(OutOfBounds, match="the number inf"):
        parse_json(b"[1e999]")
    assert parse_json(b"[1e999]", numbers=False) == [float("inf")]
    assert parse_json(b'\xef\xbb\xbf{"a": [1, 2.5]}') == {"a": [1, 2.5]}


def test_no_more_than_the_bound_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 100)
    assert read_at_most(path, 100) == b"x" * 100
    with pytest.raises(OutOfBounds, match="is larger than 99 bytes"):
        read_at_most(path, 99)
    with pytest.raises(OutOfBounds, match="is larger than 1 MiB"):
        read_at_most(Path("/dev/zero"))


def test_why_unread() -> None:
    assert why_unread(OutOfBounds("is larger"), "TOML") == "is larger"
    assert why_unread(ValueError("bad"), "TOML") == "is not TOML: bad"


def sparse(path: Path, size: int = 1 << 30) -> Path:
    """A file of a gigabyte that takes no disk space."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


READERS: dict[str, Callable[[Path], object]] = {
    "x.case.json": load_case,
    "x.truth.json": load_truth,
    "session.json": load_session,
    "frames.jsonl": read_frames,
    "settings.toml": load_settings,
    "calibration.toml": load_calibration_file,
    "scenario.toml": lambda path: load_scenario(str(path)),
    "x.scenario.json": lambda path: load_scenario(str(path)),
    "suite.toml": lambda path: load_suite(str(path)),
    "suite.json": load_index,
    "bench.toml": load_manifest,
    "report.json": load_report,
}


@pytest.mark.parametrize("name", READERS)
def test_files_that_are_too_large_or_too_deep_are_refused(tmp_path: Path, name: str) -> None:
    path = sparse(tmp_path / name)
    with pytest.raises(LeakWatchError, match=r"is larger than \d+ MiB") as refusal:
        READERS[name](path)
    assert str(path) in str(refusal.value)
    path.write_text(DEEP_TOML["tables"] if name.endswith(".toml") else "[" * 100_000 + "\n")
    with pytest.raises(LeakWatchError, match="is nested more than 32 levels deep"):
        READERS[name](path)


def case(**changes: object) -> str:
    plain = {
        "schema": "leakwatch.case/1",
        "dicom": "x.dcm",
        "view": "lateral",
        "posterior_wall_px": [[1, 2], [3, 4]],
    }
    return json.dumps(plain | changes)


def test_a_case_of_millions_of_points_is_refused_before_memory_is_spent(tmp_path: Path) -> None:
    path = tmp_path / "x.case.json"
    points = ",".join(["[1.5,2.5]"] * 3_000_000)
    path.write_text(case().replace("[[1, 2], [3, 4]]", f"[{points}]"))
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from leakwatch.case_files.case_file import load_case\n"
        "from leakwatch.core.errors import CaseError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    load_case(Path(sys.argv[1]))\n"
        "except CaseError as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    said, grown = done.stdout.splitlines()
    assert "is larger than 1 MiB" in said
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown) * unit < 20e6


def test_a_case_of_more_points_than_a_hand_clicks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.case.json"
    path.write_text(case(body_outline_px=[[index, 1] for index in range(10_001)]))
    with pytest.raises(CaseError, match=r"key body_outline_px: .* Give three to 10000 points"):
        load_case(path)
    path.write_text(case(body_outline_px=[[index, 1] for index in range(10_000)]))
    assert load_case(path).marks.body_outline_px is not None


def test_a_message_does_not_repeat_what_is_endless(tmp_path: Path) -> None:
    path = tmp_path / "x.case.json"
    for text in (case(**{"k" * 500_000: 1}), case(view="v" * 500_000)):
        path.write_text(text)
        with pytest.raises(CaseError) as refusal:
            load_case(path)
        assert len(str(refusal.value)) < 1000
    for text in ("k" * 500_000 + "=1", "[" + "k" * 500_000 + "]", f"[motion]\n{'k' * 500_000}=1"):
        path.write_text(text)
        with pytest.raises(ConfigError, match="kkk") as unknown:
            load_settings(path)
        assert len(str(unknown.value)) < 1000
    path.write_text(f"[alerting]\nmargin_mm = '{'v' * 500_000}'")
    with pytest.raises(ConfigError, match="margin_mm") as wrong:
        load_settings(path)
    assert len(str(wrong.value)) < 1000


def test_a_key_that_stands_twice_among_many_is_found(tmp_path: Path) -> None:
    keys = ", ".join(f'"{index}": 1' for index in range(60_000))
    path = tmp_path / "x.case.json"
    path.write_text(f'{{{keys}, "twice": 1, "twice": 2}}')
    with pytest.raises(CaseError, match="key twice occurs twice"):
        load_case(path)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_bytes(b'{"a": "' + b"x" * (1 << 21) + b'"}\n')
    with pytest.raises(CaseError, match="has a line 1 of more than 1 MiB"):
        read_frames(path)


def test_the_command_refuses_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(DEEP_TOML["key"])
    done = CliRunner().invoke(app, ["simulate", str(path)])
    assert done.exit_code == 2
    assert "nested more than 32 levels deep" in done.stderr
    assert len(done.stderr.splitlines()) == 1
