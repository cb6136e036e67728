"""Rules of the settings: which of them wins, and what is refused."""

from pathlib import Path

import pytest

from siga_ocr import settings
from siga_ocr.errors import UsageError
from siga_ocr.settings import Option

MODEL = Option("read", "model")
OTHER = Option("data check", "model")
GLOB = Option("read", "glob", takes_many=True)
FLAG = Option("read", "recursive", is_flag=True)
OPTIONS = (MODEL, OTHER, GLOB, FLAG)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file, still to be written; the working folder is empty."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    file = tmp_path / "user" / settings.NAME
    file.parent.mkdir()
    monkeypatch.setattr(settings, "user_file", lambda: file)
    return file


def given(environment: dict[str, str], refused: tuple[tuple[str, object], ...] = ()) -> dict[Option, settings.Given]:
    """`refused` are commands with values that their options do not take."""

    def check(option: Option, one: settings.Given) -> None:
        if (option.command, one.value) in refused:
            raise UsageError(f"{one.origin}: {option.dotted} does not take it")

    return settings.given(OPTIONS, environment, check)


def values(environment: dict[str, str], *refused: tuple[str, object]) -> dict[str, object]:
    return {option.dotted: one.value for option, one in given(environment, refused).items()}


def test_a_variable_wins_over_the_working_folder_and_that_over_the_user(user: Path) -> None:
    assert settings.is_silent({})
    user.write_text('[read]\nmodel = "user"\nrecursive = true\n')
    assert values({}) == {"read.model": "user", "read.recursive": True}
    Path(settings.NAME).write_text('[read]\nmodel = "project"\n')
    assert values({}) == {"read.model": "project", "read.recursive": True}
    assert values({"SIGA_OCR_READ_MODEL": "variable"})["read.model"] == "variable"
    assert not settings.is_silent({})


def test_what_is_said_of_one_command_wins_over_what_is_said_of_all(user: Path) -> None:
    user.write_text('[data.check]\nmodel = "own"\n')
    Path(settings.NAME).write_text('model = "all"\n[read]\nmodel = "reads"\n')
    assert values({}) == {"read.model": "reads", "data.check.model": "all"}
    environment = {"SIGA_OCR_MODEL": "all", "SIGA_OCR_DATA_CHECK_MODEL": "checks"}
    assert values(environment) == {"read.model": "all", "data.check.model": "checks"}


def test_what_is_said_of_all_holds_for_those_that_take_it(user: Path) -> None:
    user.write_text('[data.check]\nmodel = "user"\n')
    Path(settings.NAME).write_text('model = "a"\n')
    assert values({}, ("data check", "a")) == {"read.model": "a", "data.check.model": "user"}
    assert values({"SIGA_OCR_MODEL": "b"}, ("data check", "a"), ("read", "b")) == {"read.model": "a", "data.check.model": "b"}
    for wrong in ({}, {"SIGA_OCR_MODEL": "a"}, {"SIGA_OCR_READ_MODEL": "a"}):
        with pytest.raises(UsageError, match=r"does not take it"):
            values(wrong, ("data check", "a"), ("read", "a"))
    with pytest.raises(UsageError, match=r"data\.check"):
        values({}, ("data check", "user"))


def test_a_value_says_where_it_was_written(user: Path) -> None:
    user.write_text('model = "a"\n')
    found = given({"SIGA_OCR_READ_GLOB": "*.gif cam2_*"})
    assert found[MODEL].origin == f"{user} (model)"
    assert (found[GLOB].value, found[GLOB].origin) == (["*.gif", "cam2_*"], "SIGA_OCR_READ_GLOB")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[read]\nmodle = "a"', "no setting 'read.modle'; the nearest one is 'read.model'"),
        ('[raed]\nmodel = "a"', "no setting 'raed'; the nearest one is 'read."),
        ("[read]\nrecursive = 1", "must be true or false"),
        ("[read]\nmodel = true", "must be a text or a number"),
        ('[read]\nmodel = ["a"]', "must be a text or a number"),
        ("[read]\nglob = [1, [2]]", "must be a list of texts"),
        ("[read", "is no TOML"),
    ],
)
@pytest.mark.usefixtures("user")
def test_what_cannot_be_meant_is_refused_with_the_file_and_the_key(content: str, said: str) -> None:
    Path(settings.NAME).write_text(content)
    with pytest.raises(UsageError) as error:
        given({})
    assert said in str(error.value)
    assert settings.NAME in str(error.value)


def test_variables_that_set_nothing_are_named() -> None:
    environment = {"SIGA_OCR_HOME": "/x", "SIGA_OCR_READ_MODLE": "a", "SIGA_OCR_READ_MODEL": "a", "SIGA_OCR_EMPTY": "", "PATH": "/bin"}
    assert settings.unknown_variables(OPTIONS, environment) == ["SIGA_OCR_READ_MODLE"]
    assert settings.is_silent({"SIGA_OCR_HOME": "/x", "SIGA_OCR_READ_MODEL": "", "PATH": "/bin"})
