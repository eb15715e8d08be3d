"""Messages are English strings that can be shown in another language, and no text escapes them."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import pickle
import re
import string
import sys
from pathlib import Path

import msgspec
import pytest
from babel.messages.pofile import read_po

import leakwatch
from leakwatch.core.messages import LANGUAGES, counted, language_of, text, translate

PACKAGE = Path(leakwatch.__file__).parent
SCRIPT = PACKAGE.parent / "scripts" / "write_catalogue.py"
# Calls whose literals a person reads; by the name of what is called, see `escaped_texts`.
WIDGET_CALLS = {
    "setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "setAccessibleName",
    "setStatusTip", "setTitle", "setInformativeText", "addItem", "QLabel", "QPushButton",
    "QAction", "QCheckBox", "QGroupBox", "QRadioButton",
}  # fmt: skip
SAYING_CALLS = {"say", "fail", "warn"}
# Packages whose texts are in the catalogue.
IN_THE_CATALOGUE: tuple[str, ...] = (
    "alerting", "deidentification", "files", "pipeline", "sinks", "sources",
)  # fmt: skip


def test_a_message_is_its_english_text() -> None:
    message = text("Cement {length_mm:.0f} mm long", length_mm=12.3)
    assert message == "Cement 12 mm long"
    assert translate(message, "en") == message
    assert translate("a name", "de") == "a name"


def test_one_and_many_have_texts_of_their_own() -> None:
    assert counted("{count} frame", "{count} frames", count=1) == "1 frame"
    assert counted("{count} frame of {name}", "{count} frames of {name}", 3, name="A") == (
        "3 frames of A"
    )


def test_messages_within_messages_are_translated_too() -> None:
    message = text("STOP: {why}", why=text("cement in a vein"))
    assert translate(message, "x-marked") == "⟦STOP: ⟦cement in a vein⟧⟧"


def test_braces_stand_for_themselves_where_nothing_is_filled_in() -> None:
    assert text("'prog {dicom}'") == "'prog {dicom}'"


def test_a_message_survives_another_process_and_a_file() -> None:
    message = text("{count} of {all}", count=1, all=2)
    again = pickle.loads(pickle.dumps(message))
    assert translate(again, "x-marked") == "⟦1 of 2⟧"
    assert msgspec.json.encode(message, enc_hook=str) == b'"1 of 2"'


@pytest.mark.parametrize(
    ("wanted", "language"),
    [(None, "en"), ("de", "de"), ("de_AT.UTF-8", "de"), ("ES", "es"), ("C", "en"), ("xx", "en")],
)
def test_the_language_is_one_that_there_is(wanted: str | None, language: str) -> None:
    assert language_of(wanted) == language


def test_the_catalogues_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("write_catalogue", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(sys, "argv", ["write_catalogue.py", "--check"])
    assert script.main() == 0


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_translation_has_the_fields_of_its_text(language: str) -> None:
    path = PACKAGE / "locale" / language / "LC_MESSAGES" / "leakwatch.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    for entry in catalogue:
        if not entry.id or not entry.string:
            continue
        ids = (entry.id,) if isinstance(entry.id, str) else entry.id
        strings = (entry.string,) if isinstance(entry.string, str) else entry.string
        for one in filter(None, strings):
            assert fields(one) == fields(ids[-1]), one


def test_a_text_is_given_the_values_of_its_fields() -> None:
    """A missing one would fail only when the error is raised that it belongs to."""
    wrong = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and is_text(node) and not has_its_values(node)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", IN_THE_CATALOGUE)
def test_no_text_escapes_the_catalogue(package: str) -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {literal!r}"
        for path in sorted((PACKAGE / package).rglob("*.py"))
        for line, literal in escaped_texts(ast.parse(path.read_text("utf-8")))
    ]
    assert not found, "\n".join(found)


def fields(template: str) -> set[tuple[str | None, str | None]]:
    return {(name, form) for _, name, form, _ in string.Formatter().parse(template) if name}


def escaped_texts(tree: ast.AST) -> list[tuple[int, str]]:
    """Literals with words in them that go to a person past the catalogue."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = called(node.exc)
            if name.endswith(("Error", "EndedEarly")) and not hasattr(builtins, name):
                found += worded(node.exc.args)
        elif isinstance(node, ast.Call):
            name = called(node)
            if name in WIDGET_CALLS | SAYING_CALLS:
                found += worded(node.args)
            found += worded([one.value for one in node.keywords if one.arg == "help"])
        elif isinstance(node, ast.JoinedStr):  # Babel does not look into these
            calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
            found += [(one.lineno, "text within an f-string") for one in calls if is_text(one)]
    return found


def is_text(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("text", "counted")


def has_its_values(node: ast.Call) -> bool:
    given = {one.arg for one in node.keywords}
    if called(node) == "counted":
        given |= {"count"}
    if None in given or not given:  # `**values`, or a text whose braces stand for themselves
        return True
    templates = [one.value for one in node.args if isinstance(one, ast.Constant)]
    wanted = {name for one in templates if isinstance(one, str) for name, _ in fields(one)}
    return wanted | ({"count"} & given) == given


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def worded(arguments: list[ast.expr]) -> list[tuple[int, str]]:
    """Those of some arguments that are literals with a word of three letters or more."""
    found = []
    for one in arguments:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            literal = one.value
        elif isinstance(one, ast.JoinedStr):
            literal = "".join(part.value for part in one.values if isinstance(part, ast.Constant))
        else:
            continue
        if re.search(r"[A-Za-z]{3}", literal):
            found.append((one.lineno, literal))
    return found
