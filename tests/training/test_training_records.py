"""Sessions of trainees in the table of the library: kept, listed, exported, brought up."""

from __future__ import annotations

import csv
import io
import sqlite3

import pytest

from leakwatch.core.errors import LibraryError
from leakwatch.library.case_library import CaseLibrary
from leakwatch.training.scoring import CaseCourse, DueStop, Instant, Outcome, Score, TruthSource
from leakwatch.training.training_records import (
    TrainingRecords,
    is_scored,
    is_scored_by_leakwatch,
    sessions_csv,
)

COURSE = CaseCourse(
    (0.0, 0.5, 1.0),
    (0.0, 0.1, 0.2),
    TruthSource.TRUTH,
    DueStop(TruthSource.TRUTH, Instant(1, 0.5), 0.0),
    Instant(2, 1.0),
)
SCORE = Score(Outcome.STOPPED, (0.75,), Instant(1, 0.75), 0.25, 0.05)

# The table as it was given out first, with a case in it. Not taken from the program.
FIRST_TABLE = """
CREATE TABLE library_case (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, added_at TEXT NOT NULL,
    state TEXT NOT NULL, source TEXT NOT NULL, view TEXT, vertebra TEXT, frames INTEGER,
    duration_s REAL, worst_level TEXT, stops INTEGER, first_stop_s REAL
) STRICT;
INSERT INTO library_case VALUES
    (7, 'old', '2026-01-01T00:00:00+00:00', 'complete', 'scp', 'lateral', 'L1', 90, 11.9, 'STOP', 1,
     6.13);
PRAGMA user_version = 1;
"""


@pytest.fixture
def records(tmp_path):
    with TrainingRecords(tmp_path) as made:
        yield made


def test_a_session_is_kept_with_all_that_was_judged(records):
    number = records.begin("anna", "epidural")
    (begun,) = records.sessions()
    assert (begun.outcome, is_scored(begun)) == ("begun", False)
    done = records.finish(number, COURSE, SCORE)
    assert (done.trainee, done.case_name, done.outcome) == ("anna", "epidural", "stopped")
    assert (done.due_by, done.due_frame, done.due_s) == ("truth", 1, 0.5)
    assert (done.stop_frame, done.stop_s, done.reaction_s) == (1, 0.75, 0.25)
    assert (done.past_ml, done.false_stops, done.leakwatch_s) == (0.05, 0, 1.0)
    assert done.presses_s == "[0.75]"
    assert is_scored(done)
    assert not is_scored_by_leakwatch(done)
    assert records.sessions("anna") == (done,)


def test_what_is_no_score_is_kept_as_such(records):
    number = records.begin("anna", "epidural")
    broken = Score(Outcome.BROKEN_OFF, (0.2,), why="broken off at 0.4 s of 1.0 s")
    kept = records.finish(number, COURSE, broken)
    assert (kept.outcome, kept.why) == ("broken_off", "broken off at 0.4 s of 1.0 s")
    assert (kept.reaction_s, kept.past_ml, kept.presses_s) == (None, None, "[0.2]")
    assert not is_scored(kept)
    nobody = CaseCourse((0.0, 1.0), (None, None), TruthSource.LEAKWATCH, None, None, "no truth")
    kept = records.finish(
        records.begin("anna", "x"),
        nobody,
        Score(Outcome.UNSCORED, (), false_at_s=None, why="no truth"),
    )
    assert (kept.outcome, kept.due_by, kept.false_stops) == ("unscored", None, None)


def test_trainees_are_told_apart_and_deleted_alone(records):
    for trainee in ("anna", "ben", "anna"):
        records.finish(records.begin(trainee, "a"), COURSE, SCORE)
    assert [one.id for one in records.sessions("anna")] == [1, 3]
    assert records.delete("anna") == 2
    assert [one.trainee for one in records.sessions()] == ["ben"]
    with pytest.raises(LibraryError, match="no trainee 'anna'"):
        records.sessions("anna")


@pytest.mark.parametrize("name", ["", "  ", "=1+1", "a\nb", "x" * 65, "-a", "<b>"])
def test_what_is_no_name_is_refused_and_nothing_is_kept(records, name):
    with pytest.raises(LibraryError, match="pseudonym"):
        records.begin(name, "a")
    assert records.sessions() == ()


@pytest.mark.parametrize("name", ["Anna-Lena O'Neil", "trainee 7", "Zoë", "李"])
def test_names_of_people_are_taken(records, name):
    records.begin(f" {name} ", "a")
    assert records.sessions(name)[0].trainee == name


def test_the_csv_has_a_line_for_each_session_and_can_be_read_back(records):
    records.finish(records.begin("anna", 'a "b", c'), COURSE, SCORE)
    records.begin("ben", "d")
    first, second = csv.DictReader(io.StringIO(sessions_csv(records.sessions())))
    assert (first["trainee"], first["case_name"], first["reaction_s"]) == (
        "anna",
        'a "b", c',
        "0.25",
    )
    assert (second["outcome"], second["reaction_s"]) == ("begun", "")


def test_a_library_of_before_the_training_keeps_its_cases(tmp_path):
    db = sqlite3.connect(tmp_path / "library.sqlite")
    db.executescript(FIRST_TABLE)
    db.close()
    with TrainingRecords(tmp_path) as records:
        records.finish(records.begin("anna", "old"), COURSE, SCORE)
    with CaseLibrary(tmp_path) as library:
        (case,) = library.cases()
        assert (case.id, case.name, case.vertebra, case.first_stop_s) == (7, "old", "L1", 6.13)
    with TrainingRecords(tmp_path) as records:
        assert len(records.sessions("anna")) == 1


def test_a_disk_that_is_full_is_a_clear_error_and_what_was_there_stays(records, tmp_path):
    records.finish(records.begin("anna", "a"), COURSE, SCORE)
    # SQLite says that the disk is full where a table may not grow any more.
    records._db._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(LibraryError, match=r"used: database or disk is full\. Check permissions"):
        records.begin("anna", "b" * 10**6)
    assert records.sessions("anna")[0].outcome == "stopped"
