"""Rules of what is told of a folder: nothing that changes is missed, whatever its name."""

import threading
from pathlib import Path

import pytest

from siga_ocr.changes import changes_told


def test_a_look_is_asked_for_when_telling_begins_and_each_time_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    stop = threading.Event()
    threading.Timer(20, stop.set).start()
    notices = list[str]()
    told = changes_told(Path("in"), recursive=False, pause=0.05, stop=stop, failed=notices.append)
    assert next(told) is None
    Path("in/a.png").touch()
    assert next(names for names in told if names != []) == ["in/a.png"]
    Path("in/\udcff.png").touch()
    for _ in ("failed", "begun anew"):
        assert next(names for names in told if names != []) is None
    Path("in/b.png").touch()
    assert next(names for names in told if names != []) == ["in/b.png"]
    assert ["does not tell all that changes in in" in notice for notice in notices] == [True]
    stop.set()
    assert all(names == [] for names in told)
