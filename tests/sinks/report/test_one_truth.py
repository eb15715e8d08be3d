"""A report says one thing: headings and pictures, page and PDF, recorded and analysed again."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import injection
import msgspec
import pytest
from highdicom.sr import srread
from recorded_injection import record_injection

from leakwatch.core.messages import translate
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.runner.recorded_case import find_again
from leakwatch.sinks.dicom_export.case_objects import REPORT_NAME, export_dicom
from leakwatch.sinks.report.case_facts import facts
from leakwatch.sinks.report.case_page import make_report_page
from leakwatch.sinks.report.case_pdf import report_pages
from leakwatch.sinks.report.case_report import make_case_report, trend
from leakwatch.sinks.report.case_words import alert_heading, pauses
from leakwatch.sinks.report.recorded_frame import shown_frame
from leakwatch.sinks.trend_events import ACKNOWLEDGED_SIGN


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    record_injection(folder)
    return find_again(folder, "the whole session")


@pytest.fixture(scope="module")
def begun_late(tmp_path_factory):
    """Of a record that began when cement was already near the wall, and the marks were lost."""
    folder = tmp_path_factory.mktemp("begun")
    record_injection(folder, begun=injection.FIRST_CEMENT + 4)
    return find_again(folder, "begun with R")


def banner_words(moment, found):
    return [str(one) for one in moment.shown.overlay(found.marks, found.settings).banner.reasons]


def test_a_heading_has_every_reason_of_its_picture(findings):
    for moment in findings.key_frames:
        heading = alert_heading(moment, findings.settings)
        reasons = banner_words(moment, findings)
        assert reasons
        assert f"{moment.snapshot.alert.level}: {'; '.join(reasons)}" in heading
        line = next(one for one in findings.lines if one.frame == moment.events[-1].frame)
        assert moment.snapshot.alert.reasons == line.reasons


def test_a_reason_that_began_earlier_is_in_the_heading_too(findings):
    """Events have new reasons only; the picture has all."""
    moment = findings.key_frames[0]
    line = next(one for one in findings.lines if one.frame == moment.events[-1].frame)
    both = msgspec.structs.replace(
        line,
        level=Level.WATCH,
        reasons=(Reason.POSTERIOR_MARGIN, Reason.PREDICTED_BREACH),
        quality=line.quality | {"time_to_margin_s": 2.2, "unavailable": []},
    )
    event = Event(line.frame, line.time_s, EventKind.ALERT, Level.WATCH, Reason.POSTERIOR_MARGIN)
    told = (findings.session.calibration, findings.settings)
    shown = shown_frame(both, (event,), moment.snapshot, *told)
    heading = alert_heading(replace(moment, events=(event,), shown=shown), findings.settings)
    assert "from the wall" in heading
    assert "; Cement front reaches 5 mm from the wall in about 2 s" in heading


def test_a_record_that_began_late_has_no_heading_against_its_picture(begun_late):
    assert any(moment.events[-1].level is Level.STOP for moment in begun_late.key_frames)
    for moment in begun_late.key_frames:
        overlay = moment.shown.overlay(begun_late.marks, begun_late.settings)
        assert overlay.banner.level is moment.events[-1].level
        words = [*overlay.banner.reasons, *overlay.banner.warnings]
        assert not any("not marked" in one for one in words)
        # Analysed again there is no wall: nothing is drawn, and the picture says why.
        assert not overlay.lines
        assert not overlay.labels
        drawn = {fact.name: fact.value for fact in overlay.facts}
        assert drawn["Lines"].startswith("not drawn: analysed again, ")
        told = next(e for e in moment.events if e.distance_mm is not None)
        assert drawn["Cement to posterior wall"].startswith(f"{told.distance_mm:.1f} ± ")


def test_lines_are_drawn_where_analysing_again_agrees(findings):
    for moment in findings.key_frames:
        assert moment.shown.agrees
        assert moment.shown.overlay(findings.marks, findings.settings).lines


def text_of(html):
    text = re.sub(r"<style>.*?</style>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def pdf_text(report):
    words = [text.get_text() for page in report_pages(report) for text in page.texts]
    return " ".join(" ".join(words).split())


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", ["findings", "begun_late"])
def test_page_and_pdf_hold_the_same(name, language, request, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LANGUAGE", language)
    report = make_case_report(request.getfixturevalue(name))
    html, pdf = text_of(make_report_page(report)), pdf_text(report)
    told = [report.name, *report.settings.splitlines(), report.more]
    told += [part for fact in report.facts for part in (fact.name, fact.value)]
    told += [part for scene in report.scenes for part in (scene.title, scene.note)]
    told += [part for event in report.events for part in event]
    assert len(told) > 200
    for one in told:
        shown = " ".join(escape_control_characters(translate(one)).split())
        assert shown in html
        # Long words break in the narrow columns of the settings.
        assert shown.replace(" ", "") in pdf.replace(" ", "")


def test_a_case_without_alert_says_so_in_both(findings):
    report = make_case_report(replace(findings, events=(), key_frames=()))
    assert "There was no alert." in text_of(make_report_page(report))
    assert "There was no alert." in pdf_text(report)


def test_what_does_not_fit_on_the_first_page_of_the_pdf_goes_to_the_next(findings):
    report = make_case_report(findings)
    many = replace(report, facts=report.facts * 6)
    for page in report_pages(many):
        assert all(0.0 < text.get_position()[1] < 1.0 for text in page.texts)
        for axes in page.axes:
            assert axes.get_position().height > 0.2
    assert pdf_text(many).count("Pixel spacing at the vertebra") == 6


def test_every_reason_of_the_session_is_a_fact_with_its_frames(findings):
    told = {fact.name: fact.value for fact in facts(findings)}["Frames by reason"]
    near = sum("posterior_margin" in line.reasons for line in findings.lines)
    assert f"Cement near the posterior wall: {near} frame" in told
    assert "Acquiring the baseline: " in told
    assert "Exposure changed" not in told


def test_a_pause_is_a_fact(findings):
    told = {fact.name: fact.value for fact in facts(findings)}
    assert told["Pauses"] == "none"
    lines = findings.lines
    apart = tuple(
        msgspec.structs.replace(line, time_s=line.time_s + 26.0 * (place > 9))
        for place, line in enumerate(lines)
    )
    paused = replace(findings, lines=apart)
    first, last = apart[9].time_s, apart[10].time_s
    assert pauses(apart, 0.5) == ((first, last),)
    told = {fact.name: fact.value for fact in facts(paused)}
    assert told["Pauses"] == f"1 without frames, {last - first:.1f} s: {first:.1f} to {last:.1f} s"


def test_an_acknowledgement_is_said_and_drawn(findings):
    stop = next(m for m in findings.key_frames if m.events[-1].level is Level.STOP)
    unseen = make_case_report(findings).scenes[stop.number - 1]
    assert unseen.note == "Not acknowledged."
    at_s = stop.events[-1].time_s + 2.5
    cleared = Event(15, at_s, EventKind.ACKNOWLEDGE)
    found = replace(findings, events=(*findings.events, cleared))
    seen = make_case_report(found).scenes[stop.number - 1]
    assert seen.note == f"Acknowledged at {at_s:.2f} s, 2.5 s later."
    axes = trend(found).axes[0]
    assert f"(✓ acknowledged {at_s:.2f} s)" in axes.get_title(loc="left")
    signs = [t.get_position()[0] for t in axes.texts if t.get_text() == ACKNOWLEDGED_SIGN]
    assert signs == [at_s]


def test_a_watch_that_an_acknowledgement_raised_is_an_acknowledged_stop(findings):
    """Its event has the frame of the STOP that was shown, whose line says STOP."""
    moment = next(m for m in findings.key_frames if m.events[-1].level is Level.STOP)
    line = next(one for one in findings.lines if one.frame == moment.events[-1].frame)
    event = Event(line.frame, line.time_s, EventKind.ALERT, Level.WATCH, Reason.POSTERIOR_MARGIN)
    told = (findings.session.calibration, findings.settings)
    shown = shown_frame(line, (event,), moment.snapshot, *told)
    heading = alert_heading(replace(moment, events=(event,), shown=shown), findings.settings)
    assert ": STOP: acknowledged, now " in heading
    overlay = shown.overlay(findings.marks, findings.settings)
    area = next(fact.value for fact in overlay.facts if fact.name == "Cement area")
    assert area == f"{line.area_mm2:.0f} mm²"


def test_frames_with_an_acknowledged_stop_are_counted_and_drawn_as_such(findings):
    def cleared(line):
        quality = {**line.quality, "acknowledged": [Reason.POSTERIOR_MARGIN]}
        return msgspec.structs.replace(line, level=Level.WATCH, quality=quality)

    lines = (*findings.lines[:-6], *map(cleared, findings.lines[-6:]))
    found = replace(findings, lines=lines)
    told = " ".join(fact.value for fact in facts(found))
    assert "STOP acknowledged 6" in told
    drawn = [one.get_text() for one in trend(found).axes[3].texts]
    assert "STOP\nacknowledged" in drawn


def test_a_stop_that_began_before_the_recording_is_an_alert_of_it(tmp_path):
    record_injection(tmp_path, begun=injection.STOPPED)
    found = find_again(tmp_path, "begun after STOP")
    assert {line.level for line in found.lines} == {Level.STOP}
    assert not [event for event in found.events if event.level is Level.STOP]
    report = make_case_report(found)
    told = {fact.name: fact.value for fact in report.facts}
    assert told["Alerts"] == "1 STOP"
    assert f"frame {injection.STOPPED}: STOP: Cement " in told["First STOP"]
    (scene,) = report.scenes
    assert scene.note.startswith("This alert began before the recording")
    assert f"1  {found.lines[0].time_s:.2f} s" in report.trend.axes[0].get_title(loc="left")
    export_dicom(found, tmp_path / "dicom")
    (distance,) = (
        group
        for group in srread(tmp_path / "dicom" / REPORT_NAME).content.get_image_measurement_groups()
        if group.tracking_identifier.endswith(": distance")
    )
    assert distance.get_qualitative_evaluations()[0].value.meaning == "STOP"
