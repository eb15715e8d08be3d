"""report.html and report.pdf: whole, offline, and with the numbers that were written."""

from __future__ import annotations

import base64
import io
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import injection
import msgspec
import numpy as np
import pytest
from PIL import Image
from recorded_injection import record_injection
from typer.testing import CliRunner

from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.cli.program import app
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.library.case_library import CaseLibrary
from leakwatch.runner.recorded_case import find_again
from leakwatch.sinks.report import case_report
from leakwatch.sinks.report.case_facts import facts
from leakwatch.sinks.report.case_page import make_report_page
from leakwatch.sinks.report.case_pdf import make_report_pdf
from leakwatch.sinks.report.case_report import make_case_report, trend
from leakwatch.sinks.report.case_words import event_text, reported_events


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    record_injection(folder)
    return folder


@pytest.fixture(scope="module")
def findings(session):
    return find_again(session, "made by <hand>")


class Page(HTMLParser):
    """Counts tags, and keeps text and what images are made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.sources += [found[name] for name in ("src", "href") if name in found]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_whole_and_needs_no_network(findings):
    page = Page(make_report_page(make_case_report(findings)))
    assert page.open == []
    assert len(page.sources) == len(findings.key_frames) + 1
    for source in page.sources:
        data = source.removeprefix("data:image/png;base64,")
        assert data != source
        image = Image.open(io.BytesIO(base64.b64decode(data)))
        assert np.ptp(np.asarray(image.convert("L"))) > 100
    assert page.text.count(RESEARCH_NOTICE) == 1
    assert "made by <hand>" in page.text
    assert "margin_mm = 5.0" in page.text


def test_the_facts_are_those_of_the_lines(session, findings):
    lines, events = read_frames(session / "frames.jsonl"), read_events(session / "events.jsonl")
    told = {fact.name: fact.value for fact in facts(findings)}
    stop = next(event for event in events if event.level is Level.STOP)
    assert told["First STOP"].startswith(f"{stop.time_s:.2f} s, frame {stop.frame}: STOP: ")
    least = min(line.distance_mm for line in lines if line.distance_mm is not None)
    assert told["Shortest distance to the wall"].startswith(f"{least:.1f} ± ")
    largest = max(line.area_mm2 for line in lines if line.area_mm2 is not None)
    assert told["Largest area"] == f"{largest:.0f} mm²"
    assert told["Frames"].startswith(f"{injection.FRAMES} in ")
    assert told["Analysed again"].startswith(f"{injection.FRAMES} of {injection.FRAMES} frames")
    assert f"{injection.MM_PER_PX:.3f} ± 0.005 mm (case)" in told["Pixel spacing at the vertebra"]


def test_what_was_not_monitored_is_a_fact(findings):
    def without_a_wall(line):
        missing = {"unavailable": ["no_wall"], "rules": ["tube"]}
        return msgspec.structs.replace(
            line, level=Level.UNKNOWN, reasons=(Reason.NO_WALL,), quality=line.quality | missing
        )

    found = replace(findings, lines=tuple(without_a_wall(one) for one in findings.lines))
    told = facts(found)
    count = len(found.lines)
    assert next(one.value for one in told if one.name == "Frames by level") == f"PARTLY {count}"
    gaps = [one.value for one in told if one.name == "Gap"]
    assert f"the margin of 5 mm and the posterior wall, in {count} of {count} frames" in gaps[0]
    assert "cement outside the body" in gaps[1]


def test_what_an_older_version_wrote_has_no_gap(findings):
    def old(line):
        quality = {key: value for key, value in line.quality.items() if key != "rules"}
        return msgspec.structs.replace(line, quality=quality)

    found = replace(findings, lines=tuple(old(one) for one in findings.lines))
    assert not [one for one in facts(found) if one.name == "Gap"]


def test_a_distance_behind_the_wall_says_so():
    event = Event(3, 0.5, EventKind.ALERT, Level.STOP, distance_mm=-2.34)
    assert event_text((event,)) == "0.50 s, frame 3: STOP (2.3 mm behind the wall)"


def test_a_distance_has_its_standard_deviation():
    event = Event(3, 0.5, EventKind.ALERT, Level.STOP, distance_mm=4.56, distance_sigma_mm=0.44)
    assert event_text((event,)) == "0.50 s, frame 3: STOP (4.6 ± 0.4 mm)"


def test_acquiring_the_baseline_is_not_reported_as_a_fault(findings):
    first = reported_events(findings)[0]
    assert first == ("technical", "0.00 s, frame 0: UNKNOWN: Acquiring the baseline")


def test_alerts_are_counted_with_what_a_person_did_about_them(findings):
    stops = {e.frame for e in findings.events if e.level is Level.STOP}
    told = {fact.name: fact.value for fact in facts(findings)}
    assert told["Alerts"].startswith(f"{len(stops)} STOP")
    cleared = Event(15, 1.9, EventKind.ACKNOWLEDGE)
    again = replace(findings, events=(*findings.events, cleared))
    told = {fact.name: fact.value for fact in facts(again)}
    assert told["Alerts"].endswith("; acknowledged: 1")


def test_pictures_and_trend_have_the_same_numbers(findings):
    figure = trend(findings)
    words = figure.axes[0].get_title(loc="left")
    for moment in findings.key_frames:
        if moment.events[-1].level is Level.STOP:
            assert f"{moment.number}  {moment.events[-1].time_s:.2f} s" in words


def test_the_picture_tells_how_long_the_decision_took_when_it_was_watched(findings):
    took = {line.frame: line.latency_ms for line in findings.lines}
    for moment in findings.key_frames:
        overlay = moment.shown.overlay(findings.marks, findings.settings)
        said = next(fact.value for fact in overlay.run_facts if fact.name == "Decision")
        assert said == f"{took[moment.events[-1].frame]:.0f} ms after the frame"


def test_the_largest_volume_has_its_source_or_a_reason(findings):
    def largest(**known):
        told = tuple(
            msgspec.structs.replace(line, volume_ml=known.get("ml"), quality={"volume": known})
            for line in findings.lines
        )
        found = replace(findings, lines=told)
        return next(one.value for one in facts(found) if one.name == "Largest volume")

    assert largest(ml=1.26, sigma_ml=0.2, source="syringe", why="") == "1.3 ± 0.2 mL (syringe)"
    assert largest(source=None, why="nothing is known") == "unknown: nothing is known"
    assert largest() == "unknown"  # lines of an older version


def test_without_millimetres_the_report_says_why(findings):
    bare = msgspec.structs.replace(
        findings.session,
        mm_per_px=msgspec.UNSET,
        mm_per_px_sigma=msgspec.UNSET,
        spacing_source="no spacing in the tags",
        spacing_rung=5,
    )
    without = tuple(
        msgspec.structs.replace(line, distance_mm=None, area_mm2=None, volume_ml=None)
        for line in findings.lines
    )
    found = replace(findings, session=bare, lines=without)
    told = {fact.name: fact.value for fact in facts(found)}
    assert told["Pixel spacing at the vertebra"] == "none: no spacing in the tags"
    assert told["Largest area"] == told["Shortest distance to the wall"] == "unknown"
    assert "no spacing in the tags" in make_report_page(make_case_report(found))


def test_a_case_without_frames_and_alerts_has_a_report(findings):
    nothing = replace(findings, lines=(), events=(), key_frames=(), outlines=())
    assert "There was no alert" in make_report_page(make_case_report(nothing))
    assert make_report_pdf(make_case_report(nothing)).startswith(b"%PDF")


def test_many_alerts_are_cut_and_counted(findings, monkeypatch):
    monkeypatch.setattr(case_report, "MOST_PICTURES", 1)
    assert "1 more alert is in the list" in make_report_page(make_case_report(findings))
    assert case_report.more_alerts_text(2) == "2 more alerts are in the list of events."


def test_the_report_is_translated_where_it_is_shown(findings, monkeypatch):
    names = [fact.name for fact in facts(findings)]
    monkeypatch.setenv("LEAKWATCH_LANGUAGE", "x-marked")
    assert [fact.name for fact in facts(findings)] == names
    page = Page(make_report_page(make_case_report(findings)))
    for name in names:
        assert f"⟦{name}⟧" in page.text
    assert "⟦Trend⟧" in page.text
    assert "⟦⟦⟦" in page.text  # an alert, with its reason and distance
    assert make_report_pdf(make_case_report(findings)).startswith(b"%PDF")
    figure = trend(findings)
    assert figure.axes[3].get_ylabel() == "⟦Level⟧"


def test_the_pdf_has_room_for_each_alert_and_no_day(findings):
    pdf = make_report_pdf(make_case_report(findings))
    assert pdf.startswith(b"%PDF")
    assert pdf.rstrip().endswith(b"%%EOF")
    pages = int(re.search(rb"/Type /Pages.*?/Count (\d+)|/Count (\d+)", pdf, re.DOTALL)[1])
    # Facts, two alerts a page, events, settings.
    assert pages >= 3 + len(findings.key_frames) / 2
    assert b"CreationDate" not in pdf


def test_the_command_writes_page_pdf_and_dicom(session, tmp_path):
    said = CliRunner().invoke(app, ["report", str(session), "--out", str(tmp_path), "--dicom"])
    assert said.exit_code == 0, said.output
    assert "report.html, report.pdf, dicom/fluoroscopy-001.dcm" in said.stdout
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (tmp_path / "dicom" / "measurements.sr.dcm").is_file()


def test_a_sequence_must_become_a_case_first(tmp_path):
    (tmp_path / "cine.dcm").touch()
    said = CliRunner().invoke(app, ["report", str(tmp_path / "cine.dcm"), "--out", str(tmp_path)])
    assert said.exit_code == 2
    assert "leakwatch cases add" in said.stderr


def test_a_folder_that_has_the_name_of_a_case_is_not_taken_for_it(session, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)
    with CaseLibrary() as library:
        case = library.begin("test", injection.MARKS, "first")
    shutil.copytree(session, case.folder, dirs_exist_ok=True)
    (tmp_path / "first").mkdir()
    said = CliRunner().invoke(app, ["report", "first", "--out", "out"])
    assert said.exit_code == 0, said.output


def test_what_is_no_case_is_a_clear_error(tmp_path):
    for what in (str(tmp_path), "77"):
        said = CliRunner().invoke(app, ["report", what, "--out", str(tmp_path / "out")])
        assert said.exit_code == 2
        assert said.stderr.count("\n") == 1


@pytest.mark.parametrize("typed", ["$x_{$ $\\frac{$", "<script>alert(1)</script>", "a\nb\x1b[2J"])
def test_what_strangers_typed_is_text_in_page_and_pdf(findings, typed):
    marks, session = replace(findings.marks, vertebra=typed), findings.session
    source = msgspec.structs.replace(session, source=typed)
    event = replace(findings.events[0], text=typed)
    events = (event, *findings.events[1:])
    found = replace(findings, name=typed, marks=marks, session=source, events=events)
    html = make_report_page(make_case_report(found))
    assert "<script>" not in html
    assert "\x1b" not in html
    assert make_report_pdf(make_case_report(found)).startswith(b"%PDF")
