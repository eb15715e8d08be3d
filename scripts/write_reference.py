"""Write the pages of docs/reference that come from the program (`make reference`).

A test compares the files with what this would write, so that they cannot go stale.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import typer

from leakwatch.benchmark.cases.manifest import EARLY_S
from leakwatch.benchmark.metrics.metrics import IN_TIME_S
from leakwatch.benchmark.metrics.threshold_sweep import FACTORS, RESPONSE_S
from leakwatch.benchmark.report.estimates import CONFIDENCE, DRAWS
from leakwatch.benchmark.report.metric_table import METRICS, Kind, Metric
from leakwatch.case_files.truth_file import FALSE_ABOVE_MM, FALSE_BELOW_LEAK_MM
from leakwatch.config import Settings
from leakwatch.config.contradictions import NOT_ABOVE
from leakwatch.config.ranges import ranges, unit_of
from leakwatch.pipeline.conditions import TABLE

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

SETTINGS_HEAD = """\
# Settings

`leakwatch analyze`, `replay` and `bench` read a TOML file that is given with `--settings`. Each
heading below is a section of it. What is not set keeps its default. Units are part of the names. A
key that is not listed here is an error, not a warning, and so is a value out of its range, and
settings that contradict each other (at the end of this page).

Written from `leakwatch/config/` by `make reference`; do not edit.
"""

CLI_HEAD = """\
# Command line

Exit codes: 0 all was done; 2 the arguments or the input are wrong; 3 the input ended early, and
what was read is written; 4 with `--strict`, a rule was off, or too many frames were not judged;
130 a person interrupted it. `leakwatch --install-completion` lets the shell complete commands and
options.

Written from `leakwatch/cli/` by `make reference`; do not edit.
"""


SAFETY_HEAD = """\
# When CLEAR and WATCH may be shown

A frame is CLEAR or WATCH only while **each** condition below was shown to hold in that very frame.
What was not examined does not hold. A condition that does not hold makes the frame UNKNOWN, with
the reason; a STOP that is due is given all the same, and a latched STOP stays until a person clears
it.

Where only *set up* fails for want of a view, a wall or millimetres, the banner says PARTLY and what
is watched; any other failure is blindness. `quality.conditions` of each line of `frames.jsonl` has
the measured values and their limits. `benchmarks/blinded.py` blinds cases in many ways and counts
the frames that were CLEAR or WATCH all the same.

Written from `leakwatch/pipeline/conditions.py` and the settings by `make reference`; do not edit.

| Condition | Evidence, in each frame | Limit | Reason given | What to do |
| --- | --- | --- | --- | --- |
"""

SAFETY_PLANES = """
## Two planes

With [two planes](../how-to/two-planes.md) each has its own level by the conditions above, and one banner
shows the worse of those that count. From the most urgent: STOP, UNKNOWN, WATCH, PARTLY, CLEAR. The other
plane is named beside it, and the alarm is the more urgent of both.

| A plane that | counts as |
| --- | --- |
| is on: its source does not state that fluoroscopy is off, and nobody paused it | its own level, except an AP plane that watches all but the wall beside a CLEAR lateral: CLEAR. Silent, frozen, late, lost or ended is UNKNOWN: it may be broken |
| is off: its source states that fluoroscopy is off | PARTLY, without a sound: one plane alone is watched, which is never CLEAR |
| is paused by a person (O) | nothing: the level is that of the other plane, and the banner says what is paused |
| is off or paused, but shows a STOP or WATCH, or a STOP was acknowledged in it | that STOP or WATCH, with its alarm |
| is off or paused, like the other one | its own level: nothing is excused if no plane is on |

So CLEAR is never shown while a plane is UNKNOWN, unless a person paused that plane. A pause excuses only
what cannot be seen. It ends with the same key, or by itself when images return after they were off; one
plane at least stays monitored. Pauses are in `events.jsonl` of their plane.

The posterior wall rule holds in the lateral view only, so a plane in AP view is PARTLY by itself, in its
files as well. Both together are CLEAR only while the lateral is CLEAR by all rules and the AP plane lacks
nothing but the wall: its image is current, it is calibrated, its body outline is marked or found, veins and
outline are watched, and each condition above except *set up* holds in that very frame. The banner then names it:
"B AP: veins and outline watched, no wall in this view". If the lateral is off, paused or not CLEAR, the AP
plane counts as PARTLY. `tests/live/test_planes.py` states these rules for any two planes, and
`tests/live/test_two_planes.py` for sources and analyses that fail in one of them.
"""  # noqa: E501


def safety_text() -> str:
    """The page of the conditions: see `leakwatch.pipeline.conditions.TABLE`."""
    settings = Settings()
    sections = {name: getattr(settings, name) for name in settings.__struct_fields__}
    rows = []
    for row in TABLE:
        evidence, limit = row.evidence.format(**sections), row.limit.format(**sections)
        reasons = ", ".join(f"`{reason}`" for reason in row.reasons)
        name = row.condition.value.replace("_", " ")
        rows.append(f"| **{name}** | {evidence} | {limit} | {reasons} | {row.remedy} |")
    return SAFETY_HEAD + "\n".join(rows) + "\n" + SAFETY_PLANES


def parameters(struct: type[msgspec.Struct]) -> dict[str, str]:
    """What the numpy docstring of `struct` says of each of its fields."""
    doc = inspect.getdoc(struct) or ""
    _, _, section = doc.partition("Parameters\n----------\n")
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line.startswith(" "):
            for name in names:
                found[name].append(line.strip())
        elif " : " in line:
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
            found |= {name: [] for name in names}
        else:
            break
    return {name: " ".join(lines) for name, lines in found.items()}


def toml(value: object) -> str:
    """`value` as it is written in TOML; empty where there is none."""
    if value is None:
        return ""
    text = msgspec.json.encode(value).decode()  # numbers, strings and lists of them are the same
    assert tomllib.loads(f"x = {text}")
    return f"`{text}`"


def sections(defaults: msgspec.Struct, name: str = "") -> Iterator[str]:
    """One Markdown section for each struct below `defaults`, in the order of the code."""
    rows = []
    described, limits = parameters(type(defaults)), ranges(type(defaults))
    for field in msgspec.structs.fields(defaults):
        value = getattr(defaults, field.name)
        if isinstance(value, msgspec.Struct):
            yield from sections(value, f"{name}.{field.name}".lstrip("."))
            continue
        possible = limits[field.name].text(unit_of(field.name)) if field.name in limits else ""
        meaning = described.get(field.name, "")
        rows.append(f"| `{field.name}` | {toml(value)} | {possible} | {meaning} |")
    if rows:
        summary = (inspect.getdoc(type(defaults)) or "").partition("\nParameters\n")[0]
        paragraphs = re.split(r"\n{2,}", summary.strip())
        body = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        head = "| Key | Default | Range | Meaning |\n| --- | --- | --- | --- |"
        yield "\n".join([f"## [{name}]\n\n{body}\n\n{head}", *rows, ""])


def settings_text() -> str:
    """The whole of settings.md."""
    return "\n".join([SETTINGS_HEAD, *sections(Settings()), contradictions()])


def contradictions() -> str:
    """Which settings may not be above which others, and why."""
    rows = [f"| `{lower}` | `{upper}` | {why} |" for lower, upper, why in NOT_ABOVE]
    head = "## Not above each other\n\n| Setting | Not above | Else |\n| --- | --- | --- |"
    return "\n".join([head, *rows, ""])


def parameter_row(parameter: Any, context: click.Context) -> str:
    """One row of a command's table."""
    record = parameter.get_help_record(context)
    name, meaning = record or (
        parameter.make_metavar(context),
        getattr(parameter, "help", "") or "",
    )
    cell = " ".join(str(meaning).split()).replace("|", "\\|")
    return f"| `{name}` | {cell} |"


def command_section(command: Any, path: str) -> str:
    """What `path --help` says, as Markdown."""
    context = click.Context(command, info_name=path, **command.context_settings)
    rows = [parameter_row(parameter, context) for parameter in command.get_params(context)]
    words = inspect.cleandoc(command.help or "").replace("\b\n", "").strip()
    table = "\n".join(["| | |", "| --- | --- |", *rows])
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    return f"## {path}\n\n`{usage}`\n\n{words}\n\n{table}\n"


def cli_text() -> str:
    """The whole of cli.md."""
    from leakwatch import cli

    return "\n".join([CLI_HEAD, *command_sections(typer.main.get_command(cli.app), "leakwatch")])


def command_sections(group: Any, path: str) -> Iterator[str]:
    """One section for each command of `group`, and of the groups in it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from command_sections(command, f"{path} {name}")
        else:
            yield command_section(command, f"{path} {name}")


FACTOR_LIST = ", ".join(f"{one:g}" for one in FACTORS)

METRICS_HEAD = f"""\
# Metrics

Metrics of `leakwatch bench`. Generated from `leakwatch/benchmark/` by `make reference`; do not
edit. For the choice of metrics see [decision
0008](../explanation/decisions/0008-what-the-bench-counts.md).

A star marks the truth: `d` is the shortest distance from detected cement to the posterior wall,
`d*` the true one; `σ` the detector's standard deviation of `d`; `A` area, `V` volume, `s` shift. In
simulated cases `V*` is the injected volume, inside and outside the body. All values are first
computed for each case.

## When a STOP is due, in time, or false

- **Due** (`t_due`): the first frame with cement within 5 mm of the wall, or with 4 mm of it visible
  outside the body or in a vein, whichever comes first. With labels: the first labelled frame.
- **In time**: at most {IN_TIME_S:g} s after it was due, or earlier, and not false.
- **False**: too early, or in a case in which none is due. A STOP is not too early from the first
  frame on with true cement within {FALSE_ABOVE_MM:g} mm of the wall (5 mm, and 1.5 mm for the
  uncertainty that a cautious detector adds), or with {FALSE_BELOW_LEAK_MM:g} mm of leak. With
  labels: {EARLY_S:g} s before the first label, since labels are approximate in time.
- Only the first STOP of a case counts, since it is latched. A false STOP is therefore also a missed
  one if a STOP was due later.

A case that cannot be read is excluded from all metrics, and the report names it. A detector that
fails on a case (exit code, time limit, lines that are missing, malformed or not finite) has missed
its due STOP, and is excluded from all other metrics.
"""

METRICS_TAIL = f"""\
## Intervals

All intervals are of {CONFIDENCE:.0%}. If cases differ: a bootstrap over cases (percentiles of
{DRAWS} samples, fixed seed). If all cases agree, all samples are equal, and the interval is exact:
Clopper and Pearson (1934) for a share, Poisson for a rate without events. A single case has no
interval. Cases with the same anatomy are correlated, which the intervals do not take into account.
An end among infinite delays is "beyond". A median of which at least half are infinite is "not given
in half".

The comparison with an earlier report (`--against`) uses the cases with the same files in both, and
a paired bootstrap: a sample contains the same cases of both. Dice is compared only if the masks are
the same. "Better" and "worse" are stated if the interval of the change excludes 0.

## By leak

The kind is the value of the truth file (`none`, `near`, `epidural`, `vein_ant`, `disc`) and, for
simulated cases, the path that opens first (`basivertebral`, `cortical_posterior`, `segmental_vein`,
...), from NAME.scenario.json. Adapters of other data sets may define their own paths.

## Free-response ROC

Each point is an alarm threshold, applied to the same measurements; only the decision is repeated.
At factor f a STOP requires cement within `margin_mm` × f, tubular filling of
`tubular.min_length_mm` / f, or `outside_area_mm2` / f outside the body; f is one of {FACTOR_LIST}.
Predicted breaches, which never raise a STOP, are excluded. For a detector with distances only, the
margin is scaled. Each STOP is acknowledged after {RESPONSE_S:g} s, and the injection continues
until a STOP is not false: an injection may have several false STOPs, and one that is still
displayed when a STOP is due counts as given. For f = 1 the curve may therefore be above the tables,
in which a false STOP ends the case. Commands that only write frames.jsonl have a single point.

## Other curves

- Delay over dose: each case with a due STOP, and the median of each dose.
- Distance error: frames of all cases by their true distance, in steps of 1 mm; median, 5th and 95th
  percentile. A ring marks fewer than 10 frames.
"""

COMBINED = {
    Kind.SHARE: "share of cases",
    Kind.RATE: "sum over sum",
    Kind.MEAN: "mean of cases",
    Kind.MEDIAN: "median of cases",
}


def metric_row(metric: Metric) -> str:
    """Return one row of the table of metrics."""
    cells = (
        f"`{metric.key}`",
        f"{metric.title}{f', {metric.unit}' if metric.unit else ''}",
        metric.formula,
        COMBINED[metric.kind],
        f"{metric.ideal:g}",
        metric.excluded or "nothing",
    )
    shown = [re.sub(r"([|*])", r"\\\1", cell) for cell in cells]
    return f"| {' | '.join(shown)} |"


def metrics_text() -> str:
    """Return the text of metrics.md."""
    head = "| Key | Metric | Of one case | Of all | Best | Excluded |\n" + "| --- " * 6 + "|"
    table = "\n".join([head, *map(metric_row, METRICS)])
    return f"{METRICS_HEAD}\n## Table\n\n{table}\n\n{METRICS_TAIL}"


def main() -> None:
    """Write the files."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    (REFERENCE / "settings.md").write_text(settings_text(), encoding="utf-8")
    (REFERENCE / "cli.md").write_text(cli_text(), encoding="utf-8")
    (REFERENCE / "safety.md").write_text(safety_text(), encoding="utf-8")
    (REFERENCE / "metrics.md").write_text(metrics_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
