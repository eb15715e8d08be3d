"""report.html: a self-contained page with links to the cases beside it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from leakwatch.benchmark.report import plots
from leakwatch.benchmark.report.metric_table import BY_LEAK
from leakwatch.benchmark.report.numbers import NOT_REACHED, interval_text, number_text, value_text
from leakwatch.benchmark.report.report_file import (
    CaseRow,
    Change,
    Comparison,
    Estimate,
    LeakGroup,
    Report,
)
from leakwatch.benchmark.work.benchmark_run import CASES_FOLDER, case_folder
from leakwatch.benchmark.work.case_work import DONE, WorstPicture
from leakwatch.config import Settings
from leakwatch.core.plural import counted_noun
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.untrusted_text import html_text

# Number of images embedded in the page, about 0.15 MB each; the others are linked.
MAX_PICTURES = 6

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #16202b; margin: 2rem auto; max-width: 76rem;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.notice { border-left: 5px solid #d6131e; padding: .4rem .8rem; background: #fdf0f0; }
.lost { border-left: 5px solid #ffb000; padding: .4rem .8rem; background: #fff8e6; }
table { border-collapse: collapse; } .wide { overflow-x: auto; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #d8dee5; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th { border-bottom: 2px solid #16202b; vertical-align: bottom; }
.bad { color: #b4121b; font-weight: 600; } .good { color: #14603f; font-weight: 600; }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; max-width: 36rem; }
figure svg, figure img { max-width: 100%; height: auto; } figcaption { font-size: .9rem; }
"""

CURVES = (
    (
        plots.response_curve,
        "Free-response ROC",
        "Each point is an alarm threshold, applied to the same measurements. The factor beside it "
        "multiplies the margin of 5 mm, and divides the minimum length of a tubular filling and "
        "the minimum area outside. Each STOP is acknowledged, so that an injection may have "
        "several, and a false one does not end it as in the tables.",
    ),
    (plots.delay_by_leak, "Delay by leak", "Each marker is a case with a due STOP."),
    (plots.delay_by_dose, "Delay against dose", "Each marker is a case with a due STOP."),
    (
        plots.distance_error,
        "Error of the distance",
        "Above 0: measured farther from the wall than it is, which is the unsafe side.",
    ),
)


def page(report: Report, out: Path) -> str:
    """Return the complete page.

    Parameters
    ----------
    report : Report
    out : Path
        Folder of the cases, from which images are read.
    """
    body = "\n".join(
        (
            "<h1>Benchmark of leak detection</h1>",
            f'<p class="notice">{html_text(RESEARCH_NOTICE)}</p>',
            _about(report),
            _unscored_box(report.cases),
            "<h2>All cases</h2>",
            _summary_table(report.summary),
            "<h2>By leak</h2>",
            _leak_table(report.by_leak),
            "" if report.against is None else _comparison(report.against),
            f'<h2>Curves</h2><div class="plots">{"".join(_curves(report))}</div>',
            f'<h2>Worst frames</h2><div class="plots">{"".join(_worst(report, out))}</div>',
            "<h2>Cases</h2>",
            _case_table(report),
        )
    )
    head = f'<meta charset="utf-8"><title>Benchmark: {html_text(report.detector)}</title>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def _about(report: Report) -> str:
    changed = [] if not report.settings else _changed_settings(report.settings)
    lines = [
        f"Detector: <b>{html_text(report.detector)}</b>",
        f"{counted_noun(len(report.cases), 'case')}, "
        f"marks: {'wall only' if report.wall_only else 'all'}",
        f"LeakWatch {html_text(report.version)}, program {html_text(report.program[:12])}",
        f"Settings: {html_text(', '.join(changed)) or 'default'}",
    ]
    words = (
        "Intervals are of 95 %: a bootstrap over cases, or exact if all cases agree. Cases with "
        "the same anatomy are correlated, which the intervals do not take into account."
    )
    return f"<p>{'<br>'.join(lines)}</p><p>{words}</p>"


def _changed_settings(settings: dict[str, dict[str, object]]) -> list[str]:
    usual = msgspec.to_builtins(Settings())
    return [
        f"{section}.{key} = {value}"
        for section, keys in settings.items()
        for key, value in keys.items()
        if usual.get(section, {}).get(key) != value
    ]


def _unscored_box(rows: Sequence[CaseRow]) -> str:
    lost = [row for row in rows if row.status != DONE]
    items = "".join(
        f"<li><b>{html_text(row.name)}</b> ({row.status}): {html_text(row.why or '')}</li>"
        for row in lost
    )
    said = "cases were not scored. If the detector failed, a due STOP counts as missed."
    return f'<div class="lost">{len(lost)} {said}<ul>{items}</ul></div>' if lost else ""


def _summary_table(estimates: Iterable[Estimate]) -> str:
    rows = [
        (
            html_text(one.title),
            _number(value_text(one.value, one.unit, one.cases)),
            _number(interval_text(one.low, one.high)),
            one.interval or "",
            _number(str(one.cases)),
        )
        for one in estimates
    ]
    return _table(("", "value", "95 % interval", "", "cases"), rows)


def _leak_table(groups: Sequence[LeakGroup]) -> str:
    titles = [f"{metric.title} {metric.unit}".strip() for metric in BY_LEAK]
    rows = [
        (
            html_text(group.kind),
            _number(str(group.cases)),
            *(_number(_with_interval(one)) for one in group.estimates),
        )
        for group in groups
    ]
    return f'<div class="wide">{_table(("leak", "cases", *titles), rows)}</div>'


def _with_interval(one: Estimate) -> str:
    if not one.cases:
        return "–"
    value = NOT_REACHED if one.value is None else number_text(one.value)
    interval = interval_text(one.low, one.high)
    return f"{value} ({interval})" if interval else value


def _comparison(against: Comparison) -> str:
    rows = [_change_cells(one) for one in against.changes if one.cases]
    words = f"Earlier: {html_text(against.detector)}, program {html_text(against.program[:12])}."
    if against.apart:
        words += f" Not compared, as they are not the same in both: {', '.join(against.apart)}."
    head = ("", "earlier", "now", "change", "95 % interval", "", "cases")
    table = _table(head, rows) if rows else "<p>No case is the same in both reports.</p>"
    return f"<h2>Comparison with an earlier report</h2><p>{html_text(words)}</p>{table}"


def _change_cells(one: Change) -> tuple[str, ...]:
    colour = {"better": "good", "worse": "bad"}.get(one.verdict, "")
    return (
        html_text(one.title),
        _number(value_text(one.old, one.unit, one.cases)),
        _number(value_text(one.new, one.unit, one.cases)),
        _number(number_text(one.change)),
        _number(interval_text(one.low, one.high)),
        f'<span class="{colour}">{one.verdict}</span>',
        _number(str(one.cases)),
    )


def _curves(report: Report) -> Iterator[str]:
    for draw, title, words in CURVES:
        svg = draw(report)
        if svg is not None:
            yield (
                f'<figure role="img" aria-label="{title}">{svg}'
                f"<figcaption><b>{title}.</b> {words}</figcaption></figure>"
            )


def _worst(report: Report, out: Path) -> Iterator[str]:
    """Yield the worst frames of all cases: wrong STOPs first, then by distance error."""
    shown = [(row, picture) for row in report.cases for picture in row.pictures]
    wrong_stop = [one for one in shown if "STOP" in one[1].why]
    rest = [one for one in shown if "STOP" not in one[1].why]
    rest.sort(key=lambda one: -abs(one[1].error_mm or 0.0))
    for row, picture in (wrong_stop + rest)[:MAX_PICTURES]:
        path = case_folder(out, row.name) / picture.file
        if path.is_file():
            data = base64.b64encode(path.read_bytes()).decode()
            words = f"{row.name}, frame {picture.frame}: {picture.why}"
            yield (
                f'<figure><a href="{_link(row, picture.file)}">'
                f'<img alt="{html_text(words)}" src="data:image/jpeg;base64,{data}"></a>'
                f"<figcaption>{html_text(words)}</figcaption></figure>"
            )


CASE_HEAD = (
    "case", "leak", "dose", "due", "STOP", "outcome", "delay s", "overlay", "worst frames",
    "reasons", "distance MAE mm", "bias mm", "p95 mm", "in 1σ", "in 2σ", "Dice", "area", "volume",
    "shift p95 mm", "UNKNOWN", "ms",
)  # fmt: skip


def _case_table(report: Report) -> str:
    words = (
        f"Dose in {report.dose_unit}; due and STOP are frames; area and volume are detected over "
        "true. Names link to the folders of the cases."
    )
    rows = [_case_cells(row) for row in report.cases]
    return f'<p>{html_text(words)}</p><div class="wide">{_table(CASE_HEAD, rows)}</div>'


def _case_cells(row: CaseRow) -> tuple[str, ...]:
    measured = (
        row.distance_mae_mm,
        row.distance_bias_mm,
        row.distance_p95_mm,
        row.within_1_sigma,
        row.within_2_sigma,
        row.mask_dice,
        row.area_ratio,
        row.volume_ratio,
        row.shift_p95_mm,
        row.unknown_share,
        row.latency_p50_ms,
    )
    return (
        f'<a href="{_link(row)}">{html_text(row.name)}</a>',
        html_text(row.kind if row.leak else "–"),
        _number("–" if row.dose is None else f"{row.dose:g}"),
        _number("–" if row.due_frame is None else str(row.due_frame)),
        _number("–" if row.stop_frame is None else str(row.stop_frame)),
        _outcome_cell(row),
        _number(number_text(row.delay_s)),
        "–" if row.overlay is None else f'<a href="{_link(row, row.overlay)}">overlay</a>',
        " ".join(_picture_link(row, one) for one in row.pictures),
        html_text(", ".join(row.reasons)),
        *(_number(number_text(value)) for value in measured),
    )


def _outcome_cell(row: CaseRow) -> str:
    said, colour = outcome_text(row), ""
    if row.status != DONE or said in ("missed", "late", "false STOP"):
        colour = "bad"
    elif said == "in time":
        colour = "good"
    return f'<span class="{colour}">{said}</span>'


def outcome_text(row: CaseRow) -> str:
    """Return the result of a case in a word or two."""
    if row.status != DONE:
        return row.status
    if row.false:
        return "false STOP"
    if row.due:
        given = "in time" if row.in_time else "late"
        return "missed" if row.stop_frame is None else given
    return "quiet" if row.stop_frame is None else "STOP, acceptable"


def _picture_link(row: CaseRow, one: WorstPicture) -> str:
    return f'<a href="{_link(row, one.file)}" title="{html_text(one.why)}">{one.frame}</a>'


def _link(row: CaseRow, file: str = "") -> str:
    return html_text(quote(f"{CASES_FOLDER}/{row.name}/{file}"))


def _number(text: str) -> str:
    """Return a right-aligned cell; see `_table`."""
    return f"\0{html_text(text)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def cell(text: str) -> str:
        return f'<td class="n">{text[1:]}</td>' if text.startswith("\0") else f"<td>{text}</td>"

    top = "".join(f"<th>{html_text(text)}</th>" for text in head)
    body = "\n".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
