"""Rules of a hot folder: complete files only, each once, across any end of the program."""

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siga_ocr.errors import NoInputError, UsageError
from siga_ocr.journal import Identity, Journal, identity_of
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.sources import Search
from siga_ocr.watch import Hot, Settling, Watch


@pytest.fixture
def reader(tiny_model_folder: Path) -> Reader:
    return Reader.load(str(tiny_model_folder), "cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two crops, one that is no image, and one that is still being written."""
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((30, 90, 3), dtype=np.uint8)).save(tmp_path / "in" / name)
    (tmp_path / "in" / "bad.png").write_text("no image")
    (tmp_path / "in" / "c.png.part").write_text("to come")
    return tmp_path / "in"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def seen(path: Path) -> list[str]:
    return sorted(Path(str(line["file"])).name for line in lines(path))


def watched(hot: Hot, reader: Reader, path: Path, count: int) -> list[Reading]:
    """Watch until `count` readings are recorded, or for ten seconds."""
    stop, found = threading.Event(), []
    timer = threading.Timer(10, stop.set)
    timer.start()
    with Journal(path) as journal:
        for reading in Watch(hot, reader, journal).run(stop):
            found.append(reading)
            if len(found) == count:
                stop.set()
    timer.cancel()
    return found


@pytest.mark.parametrize("poll", [False, True])
def test_what_is_complete_is_read_once_and_moved_by_its_status(folder: Path, reader: Reader, tmp_path: Path, poll: bool) -> None:
    hot = Hot(folder, settle=0.1, poll=poll, done=tmp_path / "done", failed=tmp_path / "failed")
    assert len(watched(hot, reader, tmp_path / "out.jsonl", 3)) == 3
    assert seen(tmp_path / "out.jsonl") == ["a.png", "b.png", "bad.png"]
    assert names(tmp_path / "done") == ["a.png", "b.png"]
    assert names(tmp_path / "failed") == ["bad.png"]
    assert names(folder) == ["c.png.part"]


def test_a_second_start_reads_only_what_is_new_or_has_changed(folder: Path, reader: Reader, tmp_path: Path) -> None:
    hot, path = Hot(folder, settle=0.0), tmp_path / "out.jsonl"
    watched(hot, reader, path, 3)
    os.utime(folder / "a.png", ns=(1, 1))
    Image.fromarray(np.zeros((30, 90, 3), dtype=np.uint8)).save(folder / "new.png")
    watched(hot, reader, path, 2)
    assert seen(path) == ["a.png", "a.png", "b.png", "bad.png", "new.png"]


def test_a_file_that_comes_later_is_noticed(folder: Path, reader: Reader, tmp_path: Path) -> None:
    stop, path = threading.Event(), tmp_path / "out.jsonl"
    threading.Timer(20, stop.set).start()
    with Journal(path) as journal:
        for number, _ in enumerate(Watch(Hot(folder, settle=0.05), reader, journal).run(stop), start=1):
            if number == 3:
                (folder / "c.png.part").write_bytes((folder / "a.png").read_bytes())
                (folder / "c.png.part").rename(folder / "c.png")
            if number == 4:
                stop.set()
    assert seen(path) == ["a.png", "b.png", "bad.png", "c.png"]


@pytest.mark.parametrize("poll", [False, True])
def test_names_that_are_no_utf_8_are_read_like_others_and_nothing_beside_them_is_missed(
    folder: Path, reader: Reader, tmp_path: Path, poll: bool
) -> None:
    crop, path, stop = (folder / "a.png").read_bytes(), tmp_path / "out.jsonl", threading.Event()
    timer = threading.Timer(20, stop.set)
    timer.start()
    (folder / "\udcff.png").write_bytes(crop)
    with Journal(path) as journal:
        for number, _ in enumerate(Watch(Hot(folder, settle=0.1, poll=poll), reader, journal).run(stop), start=1):
            if number == 4:
                for name in ("\udcff\udcfe.png", "d.png", "e.png"):
                    (folder / name).write_bytes(crop)
            if number == 7:
                stop.set()
    timer.cancel()
    assert seen(path) == ["a.png", "b.png", "bad.png", "d.png", "e.png", "\udcff.png", "\udcff\udcfe.png"]


@pytest.mark.parametrize("poll", [False, True])
def test_the_results_may_lie_in_the_folder_and_are_neither_read_nor_moved(
    folder: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch, poll: bool
) -> None:
    monkeypatch.chdir(folder.parent)
    Path("link.jsonl").symlink_to("in/out.jsonl")
    hot = Hot(Path("in"), Search(patterns=("*",)), settle=0.0, poll=poll, failed=Path("failed"))
    stop, path = threading.Event(), Path("link.jsonl")
    threading.Timer(2, stop.set).start()
    with Journal(path) as journal:
        for _ in Watch(hot, reader, journal).run(stop):
            assert journal.files >= {folder / "out.jsonl", folder.parent / "link.jsonl.index", folder.parent / "link.jsonl.index-journal"}
    assert seen(path) == ["a.png", "b.png", "bad.png"]
    assert names(folder) == ["a.png", "b.png", "c.png.part", "out.jsonl"]
    stop = threading.Event()
    threading.Timer(1, stop.set).start()
    with Journal(folder / "out.jsonl") as journal:
        assert list(Watch(hot, reader, journal).run(stop)) == []
    assert names(folder) == ["a.png", "b.png", "c.png.part", "out.jsonl", "out.jsonl.index"]


def test_a_file_is_complete_when_it_has_not_changed_for_a_while(tmp_path: Path) -> None:
    now, path = [0.0], tmp_path / "a.png"
    settling = Settling(2.0, lambda: now[0])
    path.write_text("ha")

    def see() -> Identity:
        identity = identity_of(str(path))
        assert identity is not None
        settling.see(identity)
        return identity

    see()
    now[0] = 1.9
    assert settling.complete() == []
    path.write_text("half")
    now[0] = 2.1
    assert settling.complete() == []  # it has grown: the time begins anew
    identity = see()
    now[0] = 4.2
    assert settling.complete() == [identity]
    assert len(settling) == 0


@pytest.mark.parametrize(
    ("file", "search", "wanted"),
    [
        ("in/a.PNG", Search(), True),
        ("in/.a.png", Search(), False),
        ("in/a.txt", Search(), False),
        ("in/a.png.tmp", Search(patterns=("*",)), False),
        ("in/sub/a.png", Search(), False),
        ("in/sub/a.png", Search(recursive=True), True),
        ("in/.sub/a.png", Search(recursive=True), False),
        ("in/done/a.png", Search(recursive=True), False),
    ],
)
def test_what_is_wanted_of_a_folder(file: str, search: Search, wanted: bool) -> None:
    assert Hot(Path("in"), search, done=Path("in/done").absolute()).wants(file) is wanted


def test_a_folder_that_is_not_there_or_gets_its_own_files_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoInputError):
        Hot(tmp_path / "none").check()
    with pytest.raises(UsageError, match="is the folder that is watched"):
        Hot(tmp_path, done=tmp_path / "x" / "..").check()
    (tmp_path / "in").mkdir()
    (tmp_path / "above").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="or holds it"):
        Hot(tmp_path / "in", failed=tmp_path / "above").check()
    Hot(tmp_path / "in", done=tmp_path / "in" / "done", failed=tmp_path / "in2").check()


def test_a_folder_whose_name_is_no_utf_8_can_only_be_looked_through(tmp_path: Path) -> None:
    (tmp_path / "\udcff").mkdir()
    with pytest.raises(UsageError, match="--poll"):
        Hot(tmp_path / "\udcff").check()
    Hot(tmp_path / "\udcff", poll=True).check()


@pytest.mark.parametrize("name", ["in/../in/done", "link", "in/done"])
def test_moved_files_are_not_read_again_however_their_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "in" / "done").mkdir(parents=True)
    for link in ("link", "in/inner"):
        (tmp_path / link).symlink_to(tmp_path / "in" / "done")
    monkeypatch.chdir(tmp_path)
    for folder in (Path("in"), Path("in/../in"), tmp_path / "in"):
        hot = Hot(folder, Search(recursive=True), done=Path(name))
        assert hot.wants(f"{folder}/a.png")
        assert hot.wants(f"{folder}/done2/a.png")
        assert not hot.wants(f"{folder}/done/a.png")
        assert not hot.wants(f"{folder}/inner/a.png")
