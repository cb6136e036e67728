"""The door for settings: files, variables, recipes and rules of codes are taken or refused by name, within a second's work."""

import string
from pathlib import Path

import pytest
from hypothesis import strategies as st
from typer.main import get_command
from typer.testing import CliRunner

from siga_ocr.charset import PRINTABLE, Charset
from siga_ocr.cli import defaults
from siga_ocr.cli.main import app
from siga_ocr.cli.read_rules import region
from siga_ocr.config import compact
from siga_ocr.errors import UsageError
from siga_ocr.formats.codeformat import CodeFormat, automaton_for
from siga_ocr.read_options import ReadOptions
from siga_ocr.recipe import parse
from siga_ocr.recipe_text import to_toml
from tests.doors.edits import edited
from tests.doors.trial import outcome, try_door, watched, within

RECIPES = tuple(path.read_bytes() for path in sorted((Path(__file__).parents[2] / "docs" / "recipes").glob("*.toml")))
SETTINGS = (
    b'model = "code-small"\n[read]\nthreads = 2\nmin-confidence = 0.5\nglob = ["*.png"]\nquiet = true\n[data.check]\nencoding = "cp1252"\n',
    b'[verify]\nmin_margin = 3\n[train]\nworkers = 0\n[read]\nroi = "1,2,3,4"\nlength = "8-12"\nmask = "AA-99"\n',
)
WORDS = (
    *("model", "sources", "read", "threads", "min-confidence", "preset", "kind", "path", "steps", "weight", "loss", "optimiser", "betas", "mean"),
    *("[", "]", "[[", "]]", "{", "}", "=", ",", "\n", '"', "'", "#", ".", " ", "inf", "nan", "-1", "1e400", "true", "2024-13-45", "9" * 5000, "1e9"),
    *('"compact"', '"rendered"', '"labelled"', '"\\ud800"', "\\u0000", "[" * 1500, "a." * 1500),
)
TOML = st.lists(st.sampled_from(WORDS), max_size=14).map(lambda words: "".join(words).encode())
KNOWN = (
    *(b"x = " + b"[" * 5000, b"threads = " + b"9" * 5000, b"[read]\nthreads = inf\n", b"\xff\xfe", b"[read]\nroi = '0,0,1," + b"9" * 5000 + b"'\n"),
    *(
        b"model = 5",
        b"sources = 5",
        b"sources = [1]",
        b"sources = 'ab'",
        b"[model]\npreset = []",
        b"[[sources]]\nkind = []",
        b"[optimiser]\nrate = nan",
    ),
    *(b"[model]\nchannels = [1, 1, 1, 1, 1000000000]", b"[model.input]\nheight = 0", b"[model]\ndropout = 7", b"[model]\ncharacters = 'a\\tb'"),
)


@pytest.fixture(autouse=True)
def _bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr("siga_ocr.settings.user_file", lambda: tmp_path / "user.toml")
    monkeypatch.chdir(tmp_path)
    with watched(tmp_path), within(2**31):
        yield


def test_files_of_settings_are_taken_or_refused_by_name(tmp_path: Path) -> None:
    known = list(defaults.known_options(get_command(app)))

    def holds(content: bytes) -> None:
        (tmp_path / "siga-ocr.toml").write_bytes(content)
        result = CliRunner().invoke(app, ["config", "show"])
        assert result.exit_code in (0, 2), result.exception
        assert result.exit_code == 0 or "siga-ocr.toml" in result.output

    assert known
    try_door(st.one_of(edited(SETTINGS), TOML, st.binary(max_size=40)), holds, 40, [*KNOWN, *SETTINGS])
    (tmp_path / "siga-ocr.toml").unlink()
    (tmp_path / "siga-ocr.toml").mkdir()
    assert CliRunner().invoke(app, ["config", "show"]).exit_code == 2


def test_variables_are_taken_or_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("SIGA_OCR_READ_THREADS", "SIGA_OCR_READ_ROI", "SIGA_OCR_QUIET", "SIGA_OCR_READ_GLOB", "SIGA_OCR_MODEL", "SIGA_OCR_READ_MIN_CONFIDENCE")
    values = st.one_of(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
        st.sampled_from(("9" * 5000, "inf", "nan", "\udcff")),
    )

    def holds(one: tuple[str, str]) -> None:
        with monkeypatch.context() as patch:
            patch.setenv(*one)
            result = CliRunner().invoke(app, ["config", "show"])
        assert result.exit_code in (0, 2), result.exception
        assert result.exit_code == 0 or one[0] in result.output

    try_door(st.tuples(st.sampled_from(names), values), holds, 40)


def test_recipes_are_taken_as_they_are_written_or_refused_by_name() -> None:
    def holds(content: bytes) -> None:
        found = outcome(lambda: parse(content.decode("utf-8", "replace"), "R.toml"))
        if found is not None:
            assert parse(to_toml(found)) == found
            assert found.fingerprint

    try_door(st.one_of(edited(RECIPES), TOML), holds, 120, [*KNOWN, *RECIPES])


TOKENS = (
    *("a", "0", "(", ")", "[", "]", "{", "}", "|", "*", "+", "?", ".", "\\", "^", "$", "-", ",", "[^", "(?:", "(?=", "(?i)", "\\d", "\\w", "[a-z]"),
    *("{2,3}", "{1000}", "{0,99999}", "{,}", "\\x41", "é", "中", "\0", "\ud800", "[ -\uffff]", "9" * 5000),
)
PIECES = st.lists(st.sampled_from(TOKENS), max_size=20).map("".join)
LENGTHS = st.one_of(st.text("0123456789-٣ ", max_size=6), st.sampled_from(("9" * 5000, "1-", "0", "-3", "200-300")))


@st.composite
def rules(draw: st.DrawFn) -> dict[str, str]:
    """Some of the rules of a code, as they come from a command line."""
    spans = st.lists(st.sampled_from(("A-Z", "\0-\U0010ffff", "z-a", "-", "0", "é-中")), max_size=5).map("".join)
    parts = {
        "regex": PIECES,
        "mask": st.text("9A*\\-x", max_size=60),
        "length": LENGTHS,
        "characters": spans,
        "preset": st.sampled_from(("vin", "x")),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(parts)), min_size=1, max_size=3))
    return {name: draw(parts[name]) for name in sorted(chosen)}


def test_rules_of_codes_become_automata_or_are_refused() -> None:
    charset = Charset(PRINTABLE)

    def holds(given: dict[str, str]) -> None:
        found = outcome(lambda: automaton_for(CodeFormat(**given), charset, compact().max_length))
        if found is not None:
            assert 0 <= found.shortest <= found.longest <= compact().max_length
            assert all(set(moves) <= set(charset.characters) for moves in found.moves)

    known = [
        {"regex": "[ -\uffff]" * 1000},
        {"regex": "(" * 5000},
        {"length": "9" * 5000},
        {"characters": "\0-\U0010ffff" * 1000},
        {"mask": "9" * 10**6},
    ]
    try_door(rules(), holds, 150, known)


def test_regions_are_four_numbers_or_refused() -> None:
    try_door(st.text(string.digits + ",-. ٣", max_size=20), lambda text: outcome(lambda: region(text), "--roi"), 100, ["0,0,1," + "9" * 5000])


def test_threads_and_processes_are_as_many_as_a_machine_can_have() -> None:
    with pytest.raises(UsageError, match="at most 1024"):
        ReadOptions(threads=10**30)
    with pytest.raises(UsageError, match="at most 1024"):
        ReadOptions(workers=10**30)
