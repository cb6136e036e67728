"""Rules of the file that a result is written to: it is whole or it is not there, and nothing that was written is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from siga_ocr.errors import DiskError, UsageError
from siga_ocr.output import Target, replacing

ROOT = Path(__file__).parents[1]
NASTY = 'a "b",\n\tc\udcff.png'


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path / "out.csv")


def test_the_file_appears_when_all_is_written(target: Target) -> None:
    with replacing(target) as sink:
        sink.write("new\n" + NASTY)
        assert not target.path.exists()
        assert target.partial.read_bytes() == b"new\n" + NASTY.encode(errors="surrogateescape")
    assert target.path.read_bytes() == b"new\n" + NASTY.encode(errors="surrogateescape")
    assert [path.name for path in target.path.parent.iterdir()] == ["out.csv"]


def test_an_interrupted_result_stays_and_says_how_to_go_on(target: Target) -> None:
    def interrupted() -> None:
        with replacing(target) as sink:
            sink.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        interrupted()
    assert "--resume" in caught.value.__notes__[0]
    target = Target(target.path, force=True, resumable=False)
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupted()
    assert "--resume" not in caught.value.__notes__[0]
    assert (target.path.exists(), target.partial.read_text()) == (False, "half")


def test_who_used_it_wrongly_is_not_told_to_do_so_again(target: Target) -> None:
    def misused() -> None:
        with replacing(target) as sink:
            sink.write("half")
            raise UsageError("other images than before, say")

    with pytest.raises(UsageError) as caught:
        misused()
    assert not hasattr(caught.value, "__notes__")
    assert target.partial.read_text() == "half"


def test_a_run_that_wrote_nothing_leaves_nothing(target: Target) -> None:
    with pytest.raises(DiskError), replacing(target):
        raise DiskError("no model, say")
    assert list(target.path.parent.iterdir()) == []


def test_what_is_there_is_replaced_only_when_asked(target: Target) -> None:
    target.check()
    target.partial.write_text("half")
    with pytest.raises(UsageError, match="--resume"):
        target.check()
    with pytest.raises(UsageError, match=r"left of an earlier run: name another file, or start anew with --force\.$"):
        Target(target.path, resumable=False).check()
    Target(target.path, resume=True).check()
    Target(target.path, force=True).check()
    target.path.write_text("old")
    for refused in (target, Target(target.path, resume=True)):
        with pytest.raises(UsageError, match="--force"):
            refused.check()
    with replacing(Target(target.path, force=True)) as sink:
        sink.write("new")
    assert target.path.read_text() == "new"


def test_going_on_cuts_off_what_follows_the_last_whole_record(target: Target) -> None:
    target.partial.write_text("one\ntwo\nthr")
    with replacing(target, end=8) as sink:
        sink.write("three\n")
    assert target.path.read_text() == "one\ntwo\nthree\n"


def test_two_runs_do_not_write_one_file(target: Target) -> None:
    with replacing(target) as sink:
        sink.write("mine\n")
        with pytest.raises(UsageError, match="another run"), replacing(target):
            pass
    assert target.path.read_text() == "mine\n"


@pytest.mark.parametrize("force", [False, True])
def test_a_run_that_ended_since_its_part_was_looked_at_keeps_its_result(target: Target, force: bool) -> None:
    """The other run takes its file away between the look at it (`end`) and the lock."""
    with replacing(target) as other:
        other.write("one\ntwo\n")
        end = target.partial.stat().st_size
    with pytest.raises(UsageError, match="another run" if force else "is there already"), replacing(Target(target.path, force, resume=True), end):
        raise AssertionError
    assert target.path.read_text() == "one\ntwo\n"
    assert not target.partial.exists()


def test_what_came_to_be_since_the_first_look_is_kept(target: Target) -> None:
    target.check()
    target.partial.write_text("half")
    with pytest.raises(UsageError, match="left of an earlier run"), replacing(target):
        raise AssertionError
    assert target.partial.read_text() == "half"
    target.partial.unlink()
    target.path.write_text("whole")
    with pytest.raises(UsageError, match="is there already"), replacing(target):
        raise AssertionError
    assert [(path.name, path.read_text()) for path in target.path.parent.iterdir()] == [("out.csv", "whole")]


def test_a_file_that_took_its_name_while_its_lock_was_awaited_is_not_cut(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(*_: object) -> None:
        target.partial.replace(target.path)

    target.partial.write_text("one\ntwo\n")
    monkeypatch.setattr("siga_ocr.output._lock", finish)
    for force in (False, True):
        with pytest.raises(UsageError), replacing(Target(target.path, force, resume=True), end=4):
            raise AssertionError
        assert target.path.read_text() == "one\ntwo\n"
        target.path.replace(target.partial)


FILL = """
import resource, sys
from pathlib import Path
from siga_ocr.output import Target, replacing
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with replacing(Target(Path(sys.argv[1]))) as sink:
    for _ in range(100):
        sink.write("0123456789abcdef" * 8 + "\\n")
"""


def test_a_full_disk_keeps_what_it_took(target: Target) -> None:
    """In a process of its own, since the limit holds for every file of a process."""
    outcome = subprocess.run(
        [sys.executable, "-c", FILL, str(target.path)], capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert outcome.returncode == 1
    assert b"File too large" in outcome.stderr
    assert target.partial.stat().st_size == 1000
    assert not target.path.exists()


def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path) -> None:
    device = Target(tmp_path / "null")
    device.path.symlink_to("/dev/null")
    device.check()
    with replacing(device) as sink:
        sink.write("gone")
    assert device.path.is_symlink()


@pytest.mark.parametrize("force", [False, True])
def test_what_no_file_can_be_is_refused_before_anything_is_written(tmp_path: Path, force: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path, Path(), Path("/")):
        with pytest.raises(UsageError, match="is a folder"):
            Target(folder, force).check()
    for path, reason in ((tmp_path / ("a" * 300), "too long"), (tmp_path / "absent" / "out.csv", "is not there")):
        with pytest.raises(DiskError, match=reason):
            Target(path, force).check()
    monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs the tests may be allowed everything
    with pytest.raises(DiskError, match="read-only"):
        Target(tmp_path / "out.csv", force).check()


def test_a_place_that_must_not_be_looked_at_is_said(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", closed)
    with pytest.raises(DiskError, match="Permission denied"):
        target.check()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="cannot be written"), replacing(Target(tmp_path / "absent" / "out.csv")):
        pass
