"""Messages are English strings that can be shown in another language, and no text escapes them."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import pickle
import re
import string
import sys
from functools import cache
from pathlib import Path

import msgspec
import pytest
from babel.messages.pofile import read_po

import leakwatch
from leakwatch.core.messages import LANGUAGES, counted, join_with, language_of, text, translate

PACKAGE = Path(leakwatch.__file__).parent
SCRIPT = PACKAGE.parent / "scripts" / "write_catalogue.py"
# Calls whose literals a person reads; by the name of what is called, see `escaped_texts`.
WIDGET_CALLS = {
    "setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "setAccessibleName",
    "setStatusTip", "setTitle", "setInformativeText", "addItem", "QLabel", "QPushButton",
    "QAction", "QCheckBox", "QGroupBox", "QRadioButton",
}  # fmt: skip
SAYING_CALLS = {"say", "print_line", "fail", "warn"}
# What a window, a page or a video shows later, under their own names.
SHOWN_CALLS = {
    "Fact", "InactiveRule", "KeyAction", "LineStyle", "Tool", "key", "unknown_banner",
    "set_title", "set_xlabel", "set_ylabel", "setLabel", "drawText",
}  # fmt: skip
# Attributes that are shown as they are.
SHOWN_ATTRIBUTES = {"_said", "outcome", "problem", "failure", "progress", "legend"}
# Packages whose texts are in the catalogue.
IN_THE_CATALOGUE: tuple[str, ...] = (
    "runner",
    "library",
    "diagnostics",
    "cli",
    "case_files",
    "alerting",
    "benchmark",
    "calibrating",
    "calibration",
    "core",
    "deidentification",
    "display",
    "files",
    "gui",
    "live",
    "marking",
    "pipeline",
    "plausibility",
    "simulator",
    "sinks",
    "sources",
    "training",
)


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


def test_joined_messages_are_translated_each() -> None:
    joined = join_with("; ", [text("cement in a vein"), "A"])
    assert joined == "cement in a vein; A"
    assert translate(joined, "x-marked") == "⟦⟦cement in a vein⟧; A⟧"
    assert translate(join_with("; ", []), "de") == ""


def test_braces_stand_for_themselves_where_nothing_is_filled_in() -> None:
    assert text("'prog {dicom}'") == "'prog {dicom}'"


def test_a_message_survives_another_process_and_a_file() -> None:
    message = text("{count} of {all}", count=1, all=2)
    again = pickle.loads(pickle.dumps(message))
    assert translate(again, "x-marked") == "⟦1 of 2⟧"
    assert msgspec.json.encode(message, enc_hook=str) == b'"1 of 2"'


def test_a_path_that_is_not_valid_text_can_be_written_to_a_file() -> None:
    said = text("{path}: is missing", path=Path("M\udcfcller/x.dcm"))
    assert said == r"M\udcfcller/x.dcm: is missing"
    assert msgspec.json.decode(msgspec.json.encode(str(said))) == said
    assert translate(said, "x-marked").encode() == r"⟦M\udcfcller/x.dcm: is missing⟧".encode()
    assert text("{path}", path="Müller") == "Müller"


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


def test_each_template_has_the_values_that_it_needs() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in unfilled_templates(ast.parse(path.read_text("utf-8")))
    ]
    assert not found, "\n".join(found)


def unfilled_templates(tree: ast.AST) -> list[int]:
    """Lines of calls whose templates have other fields than values."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or called(node) not in ("text", "counted"):
            continue
        strings = [one.value for one in node.args if isinstance(one, ast.Constant)]
        templates = [one for one in strings if isinstance(one, str)]
        counts = {"count"} if called(node) == "counted" else set()
        given = {one.arg for one in node.keywords} | counts
        for one in templates if given else ():
            found += [node.lineno] if {name for name, _ in fields(one)} - given else []
        if templates and given:
            used = {name for template in templates for name, _ in fields(template)} | counts
            found += [node.lineno] if given - used else []
    return found


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
            if name in WIDGET_CALLS | SAYING_CALLS | SHOWN_CALLS | error_names():
                found += worded(node.args)
            found += worded([one.value for one in node.keywords if one.arg == "help"])
        elif isinstance(node, ast.JoinedStr):  # Babel does not look into these
            calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
            found += [(one.lineno, "text within an f-string") for one in calls if is_text(one)]
        elif isinstance(node, ast.Assign):
            names = {getattr(target, "attr", "") for target in node.targets}
            found += worded([node.value]) if names & SHOWN_ATTRIBUTES else []
    return found


@cache
def error_names() -> frozenset[str]:
    """Names of all errors that are shown to the user: some are returned before they are raised."""
    bases = {
        node.name: {getattr(base, "id", "") for base in node.bases}
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    found = {"LeakWatchError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return frozenset(found - {"InputError"})  # of the Python interface, for programmers


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
        if isinstance(one, ast.IfExp | ast.BoolOp | ast.BinOp | ast.Tuple):
            parts = [part for part in ast.iter_child_nodes(one) if isinstance(part, ast.expr)]
            found += worded(parts[1:] if isinstance(one, ast.IfExp) else parts)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            found += [(one.lineno, one.value)] if has_words(one.value) else []
        elif isinstance(one, ast.JoinedStr):
            constants = [part.value for part in one.values if isinstance(part, ast.Constant)]
            literal = "".join(str(part) for part in constants)
            found += [(one.lineno, literal)] if has_words(literal) else []
    return found


def test_every_text_has_values_for_its_fields_and_no_others() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("text", "counted"):
                wrong += [f"{path.name}:{node.lineno}: {one}" for one in mismatches(node)]
    assert not wrong, "\n".join(wrong)


def mismatches(call: ast.Call) -> list[str]:
    """Names that a text's templates or its values lack; for `counted`, one form may omit some."""
    templates = [
        one.value
        for one in call.args
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
    given = {one.arg for one in call.keywords if one.arg is not None}
    if not templates or (not given and len(templates) == 1):
        return []
    given |= {"count"} if getattr(call.func, "id", "") == "counted" else set()
    used = {name for one in templates for name, _ in fields(one)}
    return sorted(str(name) for name in used ^ given)


def has_words(shown: str) -> bool:
    """Whether a text has a word of three letters, beside tags, colours and the program's name."""
    bare = re.sub(r"<[^>]*>|&\w+;|#[0-9A-Fa-f]{6}|LeakWatch", "", shown)
    return re.search(r"[^\W\d_²³]{3}", bare) is not None
