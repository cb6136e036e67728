"""Rules of finding a model."""

from pathlib import Path

import pytest

from siga_ocr.errors import ModelError
from siga_ocr.store import weights


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one model, and the working folder beside it."""
    (tmp_path / "checkout" / "siga_ocr").mkdir(parents=True)
    make_model(tmp_path / "checkout" / "models" / "small")
    (tmp_path / "checkout" / "models" / "notes").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SIGA_OCR_HUB_REPOSITORY", raising=False)
    monkeypatch.setattr(weights, "_PACKAGE", tmp_path / "checkout" / "siga_ocr")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "checkout" / "siga_ocr"


def make_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")


def test_a_name_is_found_in_a_checkout_and_inside_a_package(package: Path) -> None:
    assert weights.path_of("small") == package.parent / "models" / "small"
    make_model(package / "_models" / "inside")
    assert list(weights.shipped()) == ["inside"]
    assert weights.path_of("inside") == package / "_models" / "inside"


@pytest.mark.usefixtures("package")
def test_a_folder_is_taken_as_given_and_a_shipped_name_comes_first() -> None:
    for name in ("mine", "small"):
        make_model(Path(name))
    assert weights.path_of("mine") == Path("mine")
    assert weights.path_of("./small") == Path("small")
    assert weights.path_of("small").is_absolute()


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["large", "", "notes"])
def test_what_is_neither_is_said_with_the_names_there_are(name: str) -> None:
    with pytest.raises(ModelError, match=r"shipped models \(small\)"):
        weights.path_of(name)
