"""Suites: what they expand to, and what becomes of a folder in good times and in bad ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import fake_cases
import msgspec
import pytest
from small import small_scenario
from typer.testing import CliRunner

from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.cli import app
from leakwatch.core.errors import ConfigError
from leakwatch.core.truth import Truth, TruthFrame
from leakwatch.simulator.cement.leak_paths import LeakKind
from leakwatch.simulator.ct.ct_folder import by_name, find_ct_folder, named_files, with_ct_folder
from leakwatch.simulator.scenario.scenario import load_scenario
from leakwatch.simulator.suite.suite_anatomy import other_anatomy
from leakwatch.simulator.suite.suite_case import unexpected_outcome
from leakwatch.simulator.suite.suite_file import (
    Suite,
    SuiteCase,
    built_in_suites,
    expand,
    load_suite,
)
from leakwatch.simulator.suite.suite_index import INDEX_NAME, load_index
from leakwatch.simulator.suite.suite_run import plan_suite, run_suite

SUITE = """
name = "mine"
title = "three"
seed = 5
[set.injection]
start_s = { from = 1.0, to = 2.0 }
[[deal]]
about = "pulses"
options = [{ set.sequence.fps = 5.0 }, { times = 2, set.sequence.fps = 10.0 }]
[[cases]]
name = "a"
expect = "contained"
set.anatomy.level = "L1"
[[cases]]
name = "b"
count = 2
base = "near-wall"
expect = "near"
set.injection.start_s = 2.5
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(SUITE)
    return path


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# --- what a suite is


def test_the_later_goes_before_the_earlier(mine: Path) -> None:
    a, first, second = [case.scenario for case in expand(load_suite(str(mine)))]
    base = load_scenario("near-wall")

    assert [case.name for case in (a, first, second)] == ["a", "b-01", "b-02"]
    assert a.anatomy.level == "L1"
    assert 1.0 <= a.injection.start_s <= 2.0
    assert first.injection.start_s == second.injection.start_s == 2.5
    assert first.injection.volume_ml == base.injection.volume_ml
    assert first.cannula == base.cannula
    assert len({a.seed, first.seed, second.seed}) == 3


def test_what_is_dealt_is_spread_evenly(mine: Path) -> None:
    suite = load_suite(str(mine))
    many = msgspec.structs.replace(
        suite, cases=[msgspec.structs.replace(suite.cases[0], count=300)]
    )
    cases = expand(many)
    rates = [case.scenario.sequence.fps for case in cases]

    assert Counter(rates) == {5.0: 100, 10.0: 200}
    # Whole rounds: no piece of the list is far from even.
    assert all(Counter(rates[k : k + 3])[5.0] == 1 for k in range(0, 300, 3))
    starts = [case.scenario.injection.start_s for case in cases]
    assert min(starts) < 1.05
    assert max(starts) > 1.95
    assert abs(sum(starts) / 300 - 1.5) < 0.05  # 3 standard errors of an even spread


def test_other_cases_and_keys_do_not_change_a_draw(mine: Path) -> None:
    suite = load_suite(str(mine))
    alone = msgspec.structs.replace(
        suite,
        cases=suite.cases[:1],
        set=suite.set | {"motion": {"breath_period_s": {"from": 3.0, "to": 4.0}}},
    )
    before, after = expand(suite)[0].scenario, expand(alone)[0].scenario
    assert after.injection == before.injection
    assert after.seed == before.seed
    assert after.motion != before.motion


def test_another_seed_gives_other_cases_of_the_same_names(mine: Path) -> None:
    suite = load_suite(str(mine))
    assert expand(suite) == expand(suite)
    own, other = expand(suite), expand(suite, seed=6)
    assert [case.scenario.name for case in own] == [case.scenario.name for case in other]
    assert all(a.scenario.seed != b.scenario.seed for a, b in zip(own, other, strict=True))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('name = "mine"', 'name = "mine"\nnmae = 1'),
        ("seed = 5", "seed = -5"),
        ("start_s = 2.5", "begin_s = 2.5"),
        ("from = 1.0, to = 2.0", "from = -3.0, to = -2.0"),
        ('base = "near-wall"', 'base = "far-wall"'),
        ('name = "a"', 'name = "b-01"'),
        ("{ set.sequence.fps = 5.0 }", "{ sequence.fps = 5.0 }"),
        ("from = 1.0", 'from = "low"'),
        ("[set.injection]", "[set.injection"),
    ],
)
def test_a_mistake_in_a_suite_is_named(mine: Path, line: str, said: str) -> None:
    assert SUITE.count(line) == 1
    mine.write_text(SUITE.replace(line, said))
    with pytest.raises(ConfigError, match=r"mine|far-wall"):
        expand(load_suite(str(mine)))


def test_a_suite_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Built in are: quick, room, standard"):
        load_suite("standrad")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_suite(str(tmp_path / "none.toml"))


@pytest.mark.parametrize("suite", built_in_suites(), ids=lambda suite: suite.name)
def test_built_in_suites_expand(suite: Suite) -> None:
    cases = expand(suite)
    assert str(len(cases)) in suite.title
    for case in cases:
        assert bool(case.scenario.leaks) == (case.expect == "leak")


def test_the_standard_suite_is_what_the_manual_says() -> None:
    cases = expand(load_suite("standard"))
    paths = Counter(leak.path for case in cases for leak in case.scenario.leaks)
    assert Counter(case.expect for case in cases) == {"contained": 12, "near": 6, "leak": 42}
    assert paths == {
        LeakKind.BASIVERTEBRAL: 10,
        LeakKind.ANTERIOR_VEIN: 8,
        LeakKind.SEGMENTAL_VEIN: 8,
        LeakKind.DISC: 6,
        LeakKind.CORTICAL_ANTERIOR: 4,
        LeakKind.CORTICAL_POSTERIOR: 4,
        LeakKind.CANNULA_TRACK: 2,
    }
    scenarios = [case.scenario for case in cases]
    assert Counter(scenario.anatomy.ct for scenario in scenarios) == {
        "lumbar_3mm_example_ct.nii.gz": 45,
        "l3_1p5mm_ct.nii.gz": 15,
    }
    assert Counter(scenario.carm.rows >= 1024 for scenario in scenarios)[True] == 2
    assert {scenario.sequence.fps for scenario in scenarios} == {3.75, 7.5, 15.0}
    assert {scenario.pixels.relationship.value for scenario in scenarios} == {"LIN", "LOG", "DISP"}
    assert 9 <= sum(scenario.pixels.inverted for scenario in scenarios) <= 21
    assert sum(scenario.detector.quanta_per_mm2 <= 3000.0 for scenario in scenarios) >= 14
    assert 24 <= sum(scenario.carm.anterior == "left" for scenario in scenarios) <= 36


# --- what the truth of a case must say


def truth_of(*frames: tuple[float, float | None, float], fps: float = 1.0) -> Truth:
    """From (millilitres, distance, leak length) of each frame."""
    made = tuple(TruthFrame(ml, 0.0, 0.0, distance, leak, 1.0) for ml, distance, leak in frames)
    near = [d is not None and d <= 5.0 for _, d, _ in frames]
    seen = [leak >= 4.0 for _, _, leak in frames]
    return Truth(
        fps,
        0.3,
        "none",
        near.index(True) if any(near) else None,
        seen.index(True) if any(seen) else None,
        made,
    )


def expecting(expect: str) -> SuiteCase:
    return SuiteCase(
        small_scenario(injection={"volume_ml": 2.0}),
        "some",
        expect,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("expect", "truth", "said"),
    [
        ("contained", truth_of((0.5, 9.0, 0.0), (1.0, 6.6, 0.0)), None),
        ("contained", truth_of((0.5, None, 0.0)), None),
        ("contained", truth_of((0.5, 9.0, 0.0), (1.0, 6.4, 0.0)), "within 6.4 mm"),
        ("contained", truth_of((0.5, 9.0, 1.0)), "leaks 1.0 mm"),
        ("near", truth_of((0.5, 4.9, 0), (0.6, 4, 0), (0.7, 4, 0)), None),
        (
            "near",
            truth_of((0.5, 5.1, 0), (0.6, 5.1, 0), (0.7, 5.1, 0)),
            "must be a case of 'near'",
        ),
        ("near", truth_of((0.5, 4.9, 0), (0.6, 4, 4), (0.7, 4, 5)), "must be a case of 'near'"),
        ("leak", truth_of((0.5, 9, 4.0), (0.6, 9, 5), (0.7, 9, 6)), None),
        (
            "leak",
            truth_of((0.5, 9, 3.9), (0.6, 9, 3.9), (0.7, 9, 3.9)),
            "must be a case of 'leak'",
        ),
        ("leak", truth_of((0.5, 9, 0.0), (0.6, 9, 5), (0.7, 9, 6)), "due at 1.00 s of 3.00 s"),
        ("leak", truth_of((0.5, 9, 4.0), (1.9, 9, 5), (2.0, 9, 6)), "inject more for longer"),
    ],
)
def test_a_truth_is_what_its_case_is_for(expect: str, truth: Truth, said: str | None) -> None:
    why = unexpected_outcome(expecting(expect), truth)
    assert why is None if said is None else said in (why or "")


# --- what becomes of a folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole suite."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "mine.toml").write_text(SUITE)
    plan = plan_suite(load_suite(str(folder / "mine.toml")), folder / "out")
    run_suite(plan, 1, make=fake_cases.quick_case)
    return folder / "out"


def test_two_processes_make_what_one_makes(mine: Path, made: Path, tmp_path: Path) -> None:
    plan, seen = plan_suite(load_suite(str(mine)), tmp_path / "two"), []
    before = os.environ.get("OMP_NUM_THREADS")
    index = run_suite(plan, 2, seen.append, fake_cases.quick_case)
    assert index.not_made == []
    assert files(tmp_path / "two") == files(made)
    assert len(files(made)) == 3 * 5 + 1  # nothing else is left
    assert sum(seen) == plan.frames_to_make
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_what_is_there_is_not_made_again(mine: Path, made: Path, tmp_path: Path) -> None:
    out, suite = tmp_path / "out", load_suite(str(mine))
    shutil.copytree(made, out)
    assert plan_suite(suite, out).frames_to_make == 0
    changed = load_suite(str(mine))
    changed.cases[1].set["injection"]["start_s"] = 2.6
    assert [case.scenario.name for case in plan_suite(changed, out).to_make] == ["b-01", "b-02"]

    (out / "a.truth.json").unlink()
    plan = plan_suite(suite, out)
    assert [case.scenario.name for case in plan.to_make] == ["a"]
    run_suite(plan, 1, make=fake_cases.quick_case)
    assert files(out) == files(made)


def test_a_case_that_lacks_nothing_but_masks_is_not_made_again(
    mine: Path, made: Path, tmp_path: Path
) -> None:
    """A folder of an earlier program, whose suites had none."""
    out, suite = tmp_path / "out", load_suite(str(mine))
    shutil.copytree(made, out)
    shutil.rmtree(out / "b-02.masks")
    sequence = out / "b-02.dcm"
    sequence.write_bytes(b"as it was")
    plan = plan_suite(suite, out)
    assert [case.scenario.name for case in plan.to_make] == ["b-02"]
    assert sorted(plan.kept) == ["a", "b-01"]
    index = run_suite(plan, 1, make=fake_cases.quick_case)
    assert sequence.read_bytes() == b"as it was"
    assert (out / "b-02.masks" / "000001.png").read_bytes() == files(made)["b-02.masks/000001.png"]
    assert [case.name for case in index.cases] == ["a", "b-01", "b-02"]
    assert plan_suite(suite, out).to_make == []


def test_cases_fail_and_the_others_are_made(mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    index = run_suite(plan_suite(load_suite(str(mine)), out), 1, make=fake_cases.unlucky_case)
    assert [case.name for case in index.cases] == ["b-02"]
    why = {case.name: case.why for case in index.not_made}
    assert why["a"] == "no room. Inject less."
    assert "signal 9" in why["b-01"]
    assert load_index(out / INDEX_NAME) == index
    assert {path.name.split(".")[0] for path in out.iterdir()} == {"b-02", "suite"}


@contextmanager
def running_suite(
    mine: Path, out: Path, make: str, deaf: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """Two processes make a suite's cases, in a group of their own; none stays."""
    handler = "SIG_IGN" if deaf else "default_int_handler"
    program = (
        "import signal\n"
        "from pathlib import Path\n"
        "from leakwatch.simulator.suite.suite_file import load_suite\n"
        "from leakwatch.simulator.suite.suite_run import plan_suite, run_suite\n"
        f"from fake_cases import {make}\n"
        "if __name__ == '__main__':\n"
        # Whoever started the tests may be deaf to Ctrl-C, and what they start is too.
        f"    signal.signal(signal.SIGINT, signal.{handler})\n"
        f"    plan = plan_suite(load_suite({str(mine)!r}), Path({str(out)!r}))\n"
        f"    run_suite(plan, 2, make={make})\n"
    )
    script = mine.with_name("run.py")
    script.write_text(program)
    path = os.pathsep.join(str(Path(fake_cases.__file__).parents[level]) for level in (0, 2))
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_until(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 30.0
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    assert what()


def test_an_interrupted_run_leaves_no_half_case(mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with running_suite(mine, out, "slow_case", deaf=False) as process:
        wait_until(lambda: len([*out.rglob("*.dcm")]) == 2)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=20.0)
        assert b"KeyboardInterrupt" in process.stderr.read()
    assert [path.name for path in out.iterdir()] == [INDEX_NAME]


def test_a_run_in_the_background_goes_on_where_ctrl_c_is_for_another(
    mine: Path, tmp_path: Path
) -> None:
    """A shell lets what it starts in its background ignore Ctrl-C; so do its processes."""
    out = tmp_path / "out"
    with running_suite(mine, out, "waiting_case", deaf=True) as process:
        wait_until(lambda: len([*tmp_path.glob("begun-*")]) == 2)
        os.killpg(process.pid, signal.SIGINT)
        (tmp_path / "go").touch()
        assert process.wait(timeout=30.0) == 0
    index = load_index(out / INDEX_NAME)
    assert [case.name for case in index.cases] == ["a", "b-01", "b-02"]
    assert index.not_made == []


def test_a_folder_that_is_a_file(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    ran = CliRunner().invoke(
        app, ["simulate", "--suite", str(mine), "--out", str(tmp_path / "out")]
    )
    assert ran.exit_code == 2
    assert "--out" in ran.stderr


def test_an_index_of_something_else(mine: Path, tmp_path: Path) -> None:
    (tmp_path / INDEX_NAME).write_text('{"schema": "of another program"}')
    with pytest.raises(ConfigError, match="was not written by LeakWatch"):
        plan_suite(load_suite(str(mine)), tmp_path)


# --- where the CTs are


def test_no_ct_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEAKWATCH_CT", raising=False)
    ran = CliRunner().invoke(app, ["simulate", "--suite", "standard", "--out", "out"])
    assert ran.exit_code == 2
    assert "l3_1p5mm_ct.nii.gz" in ran.stderr
    assert "--ct-folder" in ran.stderr
    assert not Path("out").exists()


def test_a_ct_folder_is_found_by_what_is_nearest_to_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkout" / "docs").mkdir(parents=True)
    for folder in ("shared/ct", "named", "given"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "ct.nii.gz").touch()
    monkeypatch.chdir(tmp_path / "checkout" / "docs")
    monkeypatch.delenv("LEAKWATCH_CT", raising=False)
    assert find_ct_folder(["ct.nii.gz"]) == tmp_path / "shared" / "ct"
    monkeypatch.setenv("LEAKWATCH_CT", str(tmp_path / "named"))
    assert find_ct_folder(["ct.nii.gz"]) == tmp_path / "named"
    given = tmp_path / "given"
    assert find_ct_folder(["ct.nii.gz"], given) == given
    with pytest.raises(ConfigError, match=r"lacks mask\.nii\.gz; found there: ct\.nii\.gz"):
        find_ct_folder(["ct.nii.gz", "mask.nii.gz"], given)


def test_another_ct_of_the_same_name_makes_other_cases(mine: Path, tmp_path: Path) -> None:
    suite = load_suite(str(mine))
    ct = {"ct": "ct.nii.gz", "vertebrae": "mask.nii.gz"}
    over = msgspec.structs.replace(suite, set=suite.set | {"anatomy": ct})
    for name in ct.values():
        (tmp_path / name).write_bytes(b"one")

    def fingerprints() -> tuple[str, ...]:
        return plan_suite(over, tmp_path / "out", ct_folder=tmp_path).fingerprints

    before = fingerprints()
    assert fingerprints() == before
    assert len(set(before)) == 3
    (tmp_path / "ct.nii.gz").write_bytes(b"another")
    assert not set(fingerprints()) & set(before)


def test_a_suite_over_a_ct_of_ones_own(mine: Path, tmp_path: Path) -> None:
    suite, own = load_suite(str(mine)), tmp_path / "own"
    own.mkdir()
    for name in ("my.nii.gz", "mask.nii.gz"):
        (own / name).write_bytes(name.encode())
    other = other_anatomy(own / "my.nii.gz", own / "mask.nii.gz", None, "L2, T12")
    plan = plan_suite(suite, tmp_path / "out", other=other)

    scenarios = [case.scenario for case in plan.cases]
    assert [scenario.anatomy.level for scenario in scenarios] == ["L2", "T12", "L2"]
    assert {named_files(scenario) for scenario in scenarios} == {("my.nii.gz", "mask.nii.gz")}
    assert plan.ct_folder == own.resolve()
    # All else is as it was drawn.
    before = [case.scenario for case in expand(suite)]
    for one, was in zip(scenarios, before, strict=True):
        assert msgspec.structs.replace(one, anatomy=was.anatomy) == was
    (own / "mask.nii.gz").write_bytes(b"another")
    assert not set(plan_suite(suite, tmp_path / "out", other=other).fingerprints) & set(
        plan.fingerprints
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ct", "a/ct.nii"], "needs --ct, --vertebrae and --level"),
        (["--level", "L1"], "needs --ct, --vertebrae and --level"),
        (["--ct", "a/ct.nii", "--vertebrae", "a/m.nii"], "--level L1,L2,L3"),
        (["--ct", "b/ct.nii", "--vertebrae", "a/m.nii", "--level", "L1"], "different folders"),
        (
            ["--ct", "a/ct.nii", "--vertebrae", "a/m.nii", "--level", "L1"],
            "no such file",
        ),
        (["--ct", "a/ct.nii", "--ct-folder", "a"], "Leave out one of them"),
        (["--angle", "3"], "Leave these out"),
    ],
)
def test_what_a_suite_over_another_ct_lacks_is_told(
    options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("b/m.nii", "a/m.nii", "b/ct.nii"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).touch()
    ran = CliRunner().invoke(app, ["simulate", "--suite", "quick", "--out", "out", *options])
    assert ran.exit_code == 2
    assert said in " ".join(ran.stderr.split())
    assert not Path("out").exists()


def test_files_of_a_scenario_are_found_in_a_ct_folder(tmp_path: Path) -> None:
    who = {"level": "L1", "ct": "/elsewhere/ct.nii.gz", "vertebrae": "masks/mask.nii.gz"}
    named = by_name(small_scenario(anatomy=who))
    assert named_files(named) == ("ct.nii.gz", "mask.nii.gz")
    found = with_ct_folder(named, tmp_path)
    assert named_files(found) == (str(tmp_path / "ct.nii.gz"), str(tmp_path / "mask.nii.gz"))
    assert by_name(found) == named


# --- as a person calls it

TINY = """
name = "tiny"
title = "2 cases, one of which cannot be"
seed = 3
[set]
anatomy.level = "T12"
carm = { rows = 64, columns = 64, pitch_mm = 0.9 }
sequence = { fps = 2.0, duration_s = 3.0 }
[[cases]]
name = "can"
expect = "contained"
set.injection = { start_s = 0.5, volume_ml = 0.6, rate_ml_s = 0.4 }
[[cases]]
name = "cannot"
expect = "contained"
set.anatomy.level = "C1"
"""


@pytest.mark.slow
def test_a_suite_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    out = tmp_path / "out"
    command = ["simulate", "--suite", str(tmp_path / "tiny.toml"), "--out", str(out), "--jobs", "2"]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 3
    assert "1 of 2 cases" in ran.stdout
    assert "cannot was not simulated" in ran.stderr
    assert "\x1b" not in ran.stderr  # no bar where there is no terminal

    (case,) = find_cases(out).cases
    indexed = json.loads((out / INDEX_NAME).read_bytes())["cases"][0]
    assert case.name == indexed["name"] == "can"
    assert case.truth.frames == indexed["frames"] == 6
    assert case.dose == indexed["quanta_per_mm2"]
    # The cement of every frame in which there is any, for Dice.
    drawn = [frame for frame, _ in case.truth.masks]
    assert drawn == [k for k, area in enumerate(case.truth.area_mm2) if area > 0.0]
    # What a suite leaves beside a case makes it again.
    assert (
        load_scenario(str(out / "can.scenario.json")) == expand(load_suite(command[2]))[0].scenario
    )


def test_a_suite_and_a_scenario_at_once() -> None:
    ran = CliRunner().invoke(app, ["simulate", "epidural", "--suite", "quick"])
    assert ran.exit_code == 2
    assert "--suite defines its cases" in ran.stderr
