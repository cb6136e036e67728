"""Rules of the store: names point to whole models, and a model comes in sound or not at all."""

import errno
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from siga_ocr.errors import DiskError, ModelError, UsageError
from siga_ocr.store import home as place
from siga_ocr.store import importing, shelf, weights
from siga_ocr.store.files import LIMITS, contents
from siga_ocr.store.folder import CONFIG_NAME, WEIGHTS_NAME, describe


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store, and no repository to pull from."""
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SIGA_OCR_HUB_REPOSITORY", raising=False)
    return tmp_path / "home"


@pytest.fixture
def model(tiny_model_folder: Path, tmp_path: Path) -> Path:
    """A model folder that may be changed, with files beside it that are no part of a model."""
    folder = tmp_path / "best"
    shutil.copytree(tiny_model_folder, folder)
    (folder / "README.md").write_text("# card\n")
    (folder / "optimizer.bin").write_bytes(b"\x80\x04pickle")
    return folder


def packed(archive: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        for name, content in contents.items():
            stream.writestr(name, content)
    return archive


def of(folder: Path, top: str = "") -> dict[str, bytes]:
    return {top + path.name: path.read_bytes() for path in folder.iterdir()}


def is_empty(home: Path) -> bool:
    """Whether nothing is left of a model that was not taken."""
    return not [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_the_store_lies_where_the_system_keeps_such_things(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert place.home() == home
    monkeypatch.delenv("SIGA_OCR_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "siga-ocr" in place.home().name
    assert tmp_path in place.home().parents


@pytest.mark.parametrize("top", ["", "line3/", "a/b/"])
def test_a_folder_and_an_archive_of_it_give_the_same_model(model: Path, tmp_path: Path, top: str) -> None:
    from_folder = importing.bring(model, "line3")
    from_archive = importing.bring(packed(tmp_path / "stick.zip", of(model, top)), "line4")
    assert from_folder.digest == from_archive.digest
    assert {path.name for path in from_folder.folder.iterdir()} == {CONFIG_NAME, WEIGHTS_NAME, "README.md"}
    assert weights.path_of("line3") == weights.path_of("line4") == from_folder.folder
    assert describe(from_folder.folder) == describe(model)


def test_going_back_is_a_name(model: Path) -> None:
    old = importing.bring(model, "line3")
    (model / "README.md").write_text("# another\n")
    new = importing.bring(model, "line3")
    assert weights.path_of("line3") == new.folder != old.folder
    assert not old.folder.exists()
    importing.bring(new.folder, "line3-new")
    shelf.remove(new)
    assert shelf.get("line3") is None
    assert weights.path_of("line3-new") == new.folder, "another name still points to it"


@pytest.mark.parametrize("evil", ["../config.json", "/etc/config.json", "a/../../config.json"])
def test_an_archive_that_reaches_outside_is_refused(home: Path, model: Path, tmp_path: Path, evil: str) -> None:
    top = evil.removesuffix(CONFIG_NAME)
    with pytest.raises(ModelError, match="outside its folder"):
        importing.bring(packed(tmp_path / "evil.zip", of(model, top)), "line3")
    assert is_empty(home)


def test_what_else_an_archive_holds_is_left_out(home: Path, model: Path, tmp_path: Path) -> None:
    outside = {"../../evil.py": b"raise SystemExit", "line3/sub/model.onnx": b"x", "line3/x.pt": b"\x80"}
    entry = importing.bring(packed(tmp_path / "stick.zip", of(model, "line3/") | outside), "line3")
    assert {path.name for path in entry.folder.rglob("*")} == {CONFIG_NAME, WEIGHTS_NAME, "README.md"}
    assert not list(tmp_path.rglob("evil.py"))
    assert place.home() == home


def test_a_file_larger_than_it_may_be_is_not_unpacked(home: Path, model: Path, tmp_path: Path) -> None:
    bomb = of(model) | {CONFIG_NAME: b" " * (LIMITS[CONFIG_NAME] + 1)}
    assert packed(tmp_path / "bomb.zip", bomb).stat().st_size < LIMITS[CONFIG_NAME] // 4
    with pytest.raises(ModelError, match="larger than 1 MB"):
        importing.bring(tmp_path / "bomb.zip", "line3")
    assert is_empty(home)


def test_what_is_no_sound_model_takes_no_name(home: Path, model: Path, tmp_path: Path) -> None:
    whole = of(model)
    faults: dict[str, tuple[dict[str, bytes], str]] = {
        "empty": ({}, "no config.json"),
        "pickle": ({name: whole[name] for name in (CONFIG_NAME, "optimizer.bin")}, f"holds no {WEIGHTS_NAME}"),
        "two": (whole | of(model, "second/"), "holds 2 models"),
        "flipped": (whole | {WEIGHTS_NAME: whole[WEIGHTS_NAME][:-1] + b"\x00\x01"}, "sha256 differs"),
        "code": (whole | {CONFIG_NAME: b"import os"}, "cannot be read as JSON"),
    }
    for name, (files, message) in faults.items():
        with pytest.raises(ModelError, match=message):
            importing.bring(packed(tmp_path / f"{name}.zip", files), "line3")
        assert is_empty(home), name
    (tmp_path / "half.zip").write_bytes((packed(tmp_path / "whole.zip", whole)).read_bytes()[:-100])
    for source, message in ((tmp_path / "half.zip", "no zip archive"), (tmp_path / "nothing", "There is no")):
        with pytest.raises(ModelError, match=message):
            importing.bring(source, "line3")
    assert is_empty(home)


def test_weights_that_are_no_safetensors_are_refused_even_if_the_config_vouches_for_them(model: Path) -> None:
    import hashlib

    (model / WEIGHTS_NAME).write_bytes(b"\x80\x04pickle")
    config = json.loads((model / CONFIG_NAME).read_text()) | {"weights_sha256": hashlib.sha256(b"\x80\x04pickle").hexdigest()}
    (model / CONFIG_NAME).write_text(json.dumps(config))
    with pytest.raises(ModelError, match="safetensors"):
        importing.bring(model, "line3")


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "x" * 65, "hf:a/b", "a b"])
def test_a_name_is_no_path(model: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no name for a model"):
        importing.bring(model, name)


def test_every_kind_of_damage_is_found_and_a_new_copy_mends_it(model: Path) -> None:
    entry = importing.bring(model, "line3")
    assert weights.damage("line3") == []
    (entry.folder / "README.md").write_text("# changed\n")
    (entry.folder / WEIGHTS_NAME).unlink()
    assert weights.damage("line3") == [f"{WEIGHTS_NAME} is missing", "README.md has changed"]
    importing.bring(model, "line3")
    assert weights.damage("line3") == []
    shutil.rmtree(entry.folder)
    assert weights.damage("line3") == [f"{entry.folder} is missing"]
    with pytest.raises(ModelError, match="siga-ocr models import"):
        weights.find("line3")


def test_a_damaged_name_is_said_and_costs_no_other_model(home: Path, model: Path) -> None:
    first, other = importing.bring(model, "line3"), "line4"
    (model / "README.md").write_text("# another\n")
    for content in ("{", '{"name": "line3"}', json.dumps({"name": "line3", "digest": "../..", "origin": {"kind": "hub", "source": ""}, "files": []})):
        (home / "names" / "line3.json").write_text(content)
        with pytest.raises(ModelError, match="is damaged"):
            weights.find("line3")
        importing.bring(model, other)
        assert first.folder.is_dir(), "nobody knows whether it is wanted"
        assert weights.damage(other) == []


def test_the_parts_of_interrupted_runs_go_after_a_week(home: Path, model: Path) -> None:
    importing.bring(model, "line3")
    for name, age in (("old", 8 * 86400), ("new", 0)):
        part = home / "incoming" / name
        part.mkdir()
        os.utime(part, (0, part.stat().st_mtime - age))
    importing.bring(model, "line4")
    assert {path.name for path in (home / "incoming").iterdir() if path.is_dir()} == {"new"}


def test_a_store_that_cannot_be_written_is_a_matter_of_the_disk(home: Path, model: Path) -> None:
    home.write_text("a file")
    with pytest.raises(DiskError, match="SIGA_OCR_HOME"):
        importing.bring(model, "line3")


class Full(io.BytesIO):
    """A file on a disk that is full when what was written is to be kept."""

    def close(self) -> None:
        if not self.closed:
            super().close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_is_full_at_the_end_is_said(model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode="r", *rest, **more: Full() if mode == "wb" else opened(path, mode, *rest, **more))
    with pytest.raises(DiskError, match=os.strerror(errno.ENOSPC)):
        importing.bring(model, "line3")
    monkeypatch.undo()
    assert is_empty(home)


class Scratched(io.BytesIO):
    """A file on a stick that does not come back whole."""

    def read(self, *_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    getbuffer = read  # type: ignore[assignment]


def test_a_stick_that_cannot_be_read_is_said(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode="r", *rest, **more: Scratched() if mode == "rb" else opened(path, mode, *rest, **more))
    with pytest.raises(ModelError, match=os.strerror(errno.EIO)):
        importing.bring(model, "line3")
    with pytest.raises(ModelError, match=r"cannot be read"):
        contents(model)


def test_what_is_wrong_is_said_of_the_archive_that_was_named(model: Path, tmp_path: Path) -> None:
    content = of(model, "best/")
    described = json.loads(content[f"best/{CONFIG_NAME}"])
    del described["weights_sha256"]
    archive = packed(tmp_path / "stick.zip", content | {f"best/{CONFIG_NAME}": json.dumps(described).encode()})
    with pytest.raises(ModelError, match="lacks weights_sha256") as caught:
        importing.bring(archive, "line3")
    assert str(archive) in str(caught.value)
    assert "incoming" not in str(caught.value)
