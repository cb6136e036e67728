"""`siga-ocr finetune` from end to end on a tiny network: a run folder with a whole model, and every way in which it ends or goes on."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.model import SigaModel
from siga_ocr.reader import Reader
from siga_ocr.reading import CharReading, Reading
from siga_ocr.recipe import LabelledSource, TrainConfig, parse
from siga_ocr.store import checkpoint
from siga_ocr.training.events import Checked
from siga_ocr.training.machine import machine_of
from siga_ocr.training.state import TrainingState, save_state, stored_step
from siga_ocr.tuning import finetune
from siga_ocr.tuning.checks import Checks
from siga_ocr.tuning.folder import STARTING, read_facts
from siga_ocr.tuning.recombined import FOLDER, TABLE
from siga_ocr.tuning.verdict import Marks

pytestmark = pytest.mark.usefixtures("one_core")


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve labelled crops, one of them missing and one twice."""
    folder = tmp_path_factory.mktemp("crops")
    lines = ["file,text"]
    for number in range(12):
        text = f"{number}A{11 - number}"
        crop = np.full((32, 80, 3), 210, dtype=np.uint8)
        cv2.putText(crop, text, (4, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (30, 30, 30), 2, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{number}.png"), crop)
        lines.append(f"{number}.png,{text}")
    (folder / "labels.csv").write_text("\n".join([*lines, "gone.png,7"]) + "\n")
    return folder


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["finetune", *map(str, arguments), "--device", "cpu"])
    return result.exit_code, result.stdout, result.stderr


def arguments(crops: Path, model: Path, out: Path) -> list[object]:
    return ["--data", crops, "--model", model, "-o", out, "--steps", 4, "--batch-size", 4]


def short(crops: Path, model: Path, out: Path, *more: object) -> tuple[int, str, str]:
    return call(*arguments(crops, model, out), *more)


def weights_of(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_a_run_leaves_a_whole_model_and_says_what_to_do_next(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, stdout, stderr = short(crops, tiny_model_folder, out, "--rate", 0.003)
    assert code == ExitCode.OK, stderr
    assert stdout.strip() == str(out / "best")
    for words in ("crops to learn from", "1 missing", "Plan: up to 4 steps", "Before: it reads", f"models import {out / 'best'} --name"):
        assert words in stderr
    assert {"config.json", "model.safetensors", "README.md", "recipe.toml"} <= {path.name for path in (out / "best").iterdir()}
    assert [reading.status for reading in Reader.load(str(out / "best"), "cpu", "torch").read([str(crops / "1.png")])] != ["error"]
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "parts" in line] == [1, 2, 3, 4]
    assert sum("validation" in line for line in lines) == 4
    assert "gone.png,7,missing" in (out / "dropped.csv").read_text()
    card, page = (out / "best" / "README.md").read_text(), (out / "report.html").read_text()
    assert "validation crops" in card
    assert "accuracy before" in card
    assert page.count("<svg") == 2
    assert "maps low" in page
    assert parse((out / "config.toml").read_text()) == read_facts(out)[1]


class Knowing:
    """Reads what the file names of `crops` say, each character where OpenCV drew it."""

    @classmethod
    def load(cls, *_: object) -> "Knowing":
        return cls()

    def read(self, sources: Iterable[object]) -> Iterator[Reading]:
        for source in sources:
            number = int(Path(str(source)).stem)
            text = f"{number}A{11 - number}"
            spans = [(5.0 + 16 * place, 18.0 + 16 * place) for place in range(len(text))]
            yield Reading(str(source), "ok", text, 0.9, tuple(CharReading(one, 0.9, *span) for one, span in zip(text, spans, strict=True)))


def test_characters_that_the_model_sees_make_more_codes_to_learn_from(
    crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetune, "Reader", Knowing)
    code, _, stderr = short(crops, tiny_model_folder, tmp_path / "with")
    assert code in (ExitCode.OK, ExitCode.NOT_ALL), stderr
    assert "more codes are put together of the characters of" in stderr
    table = tmp_path / "with" / FOLDER / TABLE
    assert {part for line in table.read_text().splitlines()[1:] for part in line.split(",")[1]} <= set("0123456789A")
    sources = [source.path for source in read_facts(tmp_path / "with")[1].sources if isinstance(source, LabelledSource)]
    assert sources == [str(tmp_path / "with" / name) for name in ("train.csv", FOLDER)]
    assert short(crops, tiny_model_folder, tmp_path / "without", "--no-recombined")[0] in (ExitCode.OK, ExitCode.NOT_ALL)
    assert not (tmp_path / "without" / FOLDER).exists()


def test_what_is_handed_on_does_not_tell_where_it_was_made(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert short(crops, tiny_model_folder, out, "--rate", 0.003, "--replay", crops)[0] == ExitCode.OK
    for file in sorted((out / "best").iterdir()):
        for place in (tmp_path, crops, tiny_model_folder.parent, Path.cwd(), Path.home()):
            assert os.fsencode(place) not in file.read_bytes(), file.name
    recipe, note = parse((out / "best" / "recipe.toml").read_text()), checkpoint.describe(out / "best").training
    assert [source.path for source in recipe.sources if isinstance(source, LabelledSource)] == ["train.csv", "replay.csv"]
    assert recipe.fingerprint == note["recipe_sha256"]
    assert note["start"] == tiny_model_folder.name


def test_a_wrong_replay_is_told_before_anything_is_written(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, _, stderr = short(crops, tiny_model_folder, out, "--replay", tmp_path / "nosuch")
    assert code == ExitCode.USAGE
    assert "nosuch" in stderr
    assert not out.exists()
    code, _, stderr = short(crops, tiny_model_folder, out, "--replay", crops, "--rate", 0.003)
    assert code == ExitCode.OK, stderr
    assert "crops of other lines keep those in memory" in stderr
    assert "2 missing" in stderr  # of --data and of --replay
    assert "in both sets" in stderr
    assert not texts_of(out / "replay.csv") & texts_of(out / "val.csv")


def test_crops_that_cannot_be_divided_are_told_what_this_command_has(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    (crops / "alike.csv").write_text("file,text\n" + "".join(f"{number}.png,A1\n" for number in range(5)))
    code, _, stderr = short(crops / "alike.csv", tiny_model_folder, tmp_path / "run")
    assert code == ExitCode.USAGE
    assert "--val" in stderr
    assert "--group" not in stderr


def texts_of(table: Path) -> set[str]:
    return {line.rsplit(",", 1)[1] for line in table.read_text().splitlines()[1:]}


def test_the_sides_share_no_text(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    short(crops, tiny_model_folder, out)
    sides = [texts_of(out / name) for name in ("train.csv", "val.csv")]
    assert all(sides)
    assert not sides[0] & sides[1]


def test_ctrl_c_is_saved_told_and_taken_up_in_the_same_bits(
    crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, halted = tmp_path / "straight", tmp_path / "halted"
    assert short(crops, tiny_model_folder, straight, "--rate", 0.003)[0] == ExitCode.OK
    look = Checks.look

    def pressed(self: Checks, model: SigaModel, step: int) -> Checked:
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return look(self, model, step)

    with monkeypatch.context() as patch:
        patch.setattr(Checks, "look", pressed)
        code, _, stderr = short(crops, tiny_model_folder, halted, "--rate", 0.003)
    assert code == ExitCode.INTERRUPTED
    assert "Step 2 is saved" in stderr
    assert "--resume" in stderr
    assert call("--resume", "-o", halted, "--rate", 0.1)[0] == ExitCode.USAGE
    code, _, stderr = short(crops, tiny_model_folder, halted, "--rate", 0.003, "--resume")
    assert code == ExitCode.OK, stderr
    assert "goes on after step 2" in stderr
    assert weights_of(halted / "best") == weights_of(straight / "best")


def test_a_full_disk_is_told_and_the_run_goes_on_afterwards(
    crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("siga_ocr.training.state.save_file", no_room)
        code, _, stderr = short(crops, tiny_model_folder, out)
    assert code == ExitCode.DISK
    assert "No space left" in stderr
    assert call("--resume", "-o", out)[0] == ExitCode.OK


def test_a_loss_that_is_no_number_ends_with_an_error(crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga_ocr.losses.recognition_loss", lambda logits, *_: logits.sum() * float("nan"))
    code, _, stderr = short(crops, tiny_model_folder, tmp_path / "run", "--steps", 40)
    assert code == ExitCode.NOT_ALL
    assert "not finite" in stderr
    assert "--rate" in stderr
    assert not (tmp_path / "run" / "best").exists()


def verdict_of(crops: Path, model: Path, out: Path, monkeypatch: pytest.MonkeyPatch, marks: list[Marks]) -> tuple[int, str]:
    """Run with these marks in place of measured ones: before (validation, base), each look, after (validation, base)."""
    given = iter(marks)
    for module in ("finetune", "checks"):
        monkeypatch.setattr(f"siga_ocr.tuning.{module}.marks", lambda *_: next(given))
    code, _, stderr = short(crops, model, out, "--steps", 1)
    return code, stderr


def some(right: int, count: int = 10, loss: float = 1.0) -> Marks:
    return Marks(tuple(number < right for number in range(count)), loss)


def test_a_model_that_forgets_is_rejected(crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest, forgotten = some(90, 100), some(50, 100)
    marks = [some(5), rest, some(9), forgotten, some(9), forgotten]
    code, stderr = verdict_of(crops, tiny_model_folder, tmp_path / "run", monkeypatch, marks)
    assert code == ExitCode.NOT_ALL
    assert "other kinds worse" in stderr
    assert (tmp_path / "run" / "rejected" / "README.md").is_file()
    assert not (tmp_path / "run" / "best").exists()


def test_a_start_that_cannot_be_beaten_is_no_failure(crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = some(90, 100)
    code, stderr = verdict_of(crops, tiny_model_folder, tmp_path / "run", monkeypatch, [some(10), rest, some(10), some(10), rest])
    assert code == ExitCode.OK
    assert "nothing to gain" in stderr
    assert not any((tmp_path / "run" / name).exists() for name in ("best", "rejected", "finished"))


def test_new_characters_are_learned_only_when_asked(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    table = crops / "umlaut.csv"
    table.write_text((crops / "labels.csv").read_text().replace("0A11", "ÄA11"))
    code, _, stderr = short(table, tiny_model_folder, tmp_path / "refused")
    assert code == ExitCode.USAGE
    assert "--charset-add" in stderr
    assert "line 2" in stderr
    assert not (tmp_path / "refused" / "last").exists()
    code, _, stderr = short(table, tiny_model_folder, tmp_path / "grown", "--charset-add", "Ä#", "--max-length", 24, "--rate", 0.003)
    assert code == ExitCode.OK, stderr
    config = checkpoint.describe(tmp_path / "grown" / "best").model
    assert config.characters.endswith("~Ä")
    assert config.max_length == 24


def test_what_cannot_be_is_refused_in_a_line(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    assert call()[0] == ExitCode.USAGE
    assert call("--resume")[0] == ExitCode.USAGE
    assert call("--resume", "-o", tmp_path)[0] == ExitCode.USAGE
    code, _, stderr = call("--data", tmp_path / "none", "-o", tmp_path / "run", "--model", tiny_model_folder)
    assert code == ExitCode.USAGE
    assert stderr.count("\n") == 1
    assert call("--data", crops, "--model", "no-such-model", "-o", tmp_path / "run")[0] == ExitCode.MODEL


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_that_holds_anything_is_refused_and_left_as_it_is(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    (out / FOLDER).mkdir(parents=True)
    (out / FOLDER / "notes.txt").write_text("hi")
    (out / "train.csv").write_text("mine")
    before = content(out)
    code, _, stderr = short(crops, tiny_model_folder, out)
    assert code == ExitCode.USAGE
    assert "not empty" in stderr
    assert "-o" in stderr
    assert content(out) == before
    assert short(crops, tiny_model_folder, out / "train.csv")[0] == ExitCode.USAGE


def test_data_that_are_refused_leave_no_folder(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    (crops / "few.csv").write_text("file,text\n1.png,1A10\n")
    assert short(crops / "few.csv", tiny_model_folder, tmp_path / "runs" / "one")[0] == ExitCode.USAGE
    assert not (tmp_path / "runs").exists()


def test_a_start_that_was_broken_off_can_be_made_anew(crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "run"
    out.mkdir()  # an empty one is taken
    with monkeypatch.context() as patch:
        patch.setattr(finetune, "marks", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            CliRunner().invoke(app, ["finetune", *map(str, arguments(crops, tiny_model_folder, out)), "--device", "cpu"])
    assert (out / "train.csv").is_file()
    assert call("--resume", "-o", out)[0] == ExitCode.USAGE
    assert short(crops, tiny_model_folder, out, "--rate", 0.003)[0] == ExitCode.OK
    assert not (out / STARTING).exists()


def test_only_one_run_works_in_a_folder(crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, told = tmp_path / "run", list[tuple[int, str, str]]()
    look = Checks.look

    def second_run(self: Checks, model: SigaModel, step: int) -> Checked:
        if not told:
            told.extend([short(crops, tiny_model_folder, out), call("--resume", "-o", out)])
        return look(self, model, step)

    monkeypatch.setattr(Checks, "look", second_run)
    code, _, stderr = short(crops, tiny_model_folder, out, "--rate", 0.003)
    assert code == ExitCode.OK, stderr
    assert [code for code, _, _ in told] == [ExitCode.USAGE] * 2
    assert all("Another run works in" in message for _, _, message in told)


def test_a_finished_run_is_told_and_nothing_is_changed(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert short(crops, tiny_model_folder, out, "--rate", 0.003)[0] == ExitCode.OK
    (out / "best" / "calibration.json").write_text("{}")
    before = content(out)
    code, stdout, stderr = call("--resume", "-o", out)
    assert code == ExitCode.OK, stderr
    assert stdout.strip() == str(out / "best")
    assert "is finished" in stderr
    assert content(out) == before
    (out / "best").rename(out / "rejected")
    (out / finetune.VERDICT).write_text("rejected\n")
    code, stdout, stderr = call("--resume", "-o", out)
    assert (code, stdout.strip()) == (ExitCode.OK, str(out / "rejected"))
    assert "was rejected" in stderr


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_report_of_when_the_minutes_were_over_is_no_end_of_a_run_that_went_on(
    crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    assert short(crops, tiny_model_folder, out, "--rate", 0.003)[0] == ExitCode.OK
    assert finetune.finished(out) is not None
    with monkeypatch.context() as patch:
        patch.setattr("siga_ocr.tuning.finetune._decided", interrupted)  # killed before it was judged
        with pytest.raises(KeyboardInterrupt):
            list(finetune.go_on(out, machine_of(torch.device("cpu"))))
    assert finetune.finished(out) is None
    code, stdout, stderr = call("--resume", "-o", out)
    assert code == ExitCode.OK, stderr
    assert stdout.strip() == str(out / "best")
    assert "is finished" not in stderr
    assert finetune.finished(out) is not None


@pytest.mark.parametrize(("rank", "said"), [("0", True), ("1", False)])
def test_of_a_finished_run_the_first_of_several_processes_tells(
    crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: str, said: bool
) -> None:
    out = tmp_path / "run"
    assert short(crops, tiny_model_folder, out, "--rate", 0.003)[0] == ExitCode.OK
    for key, value in {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "RANK": rank}.items():
        monkeypatch.setenv(key, value)
    code, _, stderr = call("--resume", "-o", out)  # without meeting the other one, which would wait for ever
    assert (code, "is finished" in stderr) == (ExitCode.OK, said), stderr


class Killed(BaseException):
    """Ends a run without a word, as kill -9 does for whatever lies on the disk."""


@pytest.mark.parametrize("call_number", [1, 2, 3])
def test_killed_before_a_checkpoint_the_run_ends_in_the_same_bits(
    crops: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call_number: int
) -> None:
    """The candidate is then ahead of the state that the run goes on from."""
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert short(crops, tiny_model_folder, straight, "--rate", 0.003)[0] == ExitCode.OK
    calls = iter(range(1, 100))

    def dying(run: Path, state: TrainingState, config: TrainConfig) -> None:
        if next(calls) == call_number:
            raise Killed
        save_state(run, state, config)

    with monkeypatch.context() as patch:
        patch.setattr("siga_ocr.training.trainer.save_state", dying)
        with pytest.raises(Killed):
            CliRunner().invoke(app, ["finetune", *map(str, arguments(crops, tiny_model_folder, killed)), "--rate", "0.003", "--device", "cpu"])
    assert call("--resume", "-o", killed)[0] == ExitCode.OK
    assert weights_of(killed / "best") == weights_of(straight / "best")
    assert (killed / "checks.json").read_bytes() == (straight / "checks.json").read_bytes()


RUN_APART = """
import torch
import siga_ocr.tuning.base_set, siga_ocr.training.machine
siga_ocr.tuning.base_set.COUNT = 6
siga_ocr.training.machine.core_count = lambda: 1
from siga_ocr.cli.main import run
run()
"""


def test_kill_9_loses_only_the_steps_since_the_last_checkpoint(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-c", RUN_APART, "finetune", *map(str, arguments(crops, tiny_model_folder, out)), "--steps", "400"]
    with subprocess.Popen([*command, "--device", "cpu"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 240
        while (stored_step(out) or 0) < 20 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
    step = stored_step(out)
    assert step is not None
    assert 20 <= step < 400
    code, _, stderr = call("--resume", "-o", out, "--minutes", 0.01)
    assert code != ExitCode.USAGE
    assert f"goes on after step {step} of 400" in stderr
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if "parts" in line]
    assert steps == list(range(1, len(steps) + 1))


def launched(script: Path, *more: object) -> list[str]:
    """Two processes by the launcher of PyTorch itself."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    return [*launcher, "finetune", *map(str, more), "--device", "cpu"]


def process_of_rank(rank: int, folder: Path) -> int:
    """The process of a fleet that was started with `folder` among its arguments."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            environment, command = (place / "environ").read_bytes(), (place / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if f"\0RANK={rank}\0".encode() in b"\0" + environment and os.fsencode(folder) in command:
            return int(place.name)
    raise AssertionError(f"no process of rank {rank}")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the process to kill in /proc")
def test_the_launcher_starts_several_processes_and_one_that_is_killed_ends_them_all(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    script, out = tmp_path / "apart.py", tmp_path / "run"
    script.write_text(RUN_APART)
    script_path = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])}
    begin = launched(script, *arguments(crops, tiny_model_folder, out), "--steps", 400)
    with subprocess.Popen(begin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=script_path) as process:
        deadline = time.monotonic() + 240
        while (stored_step(out) or 0) < 20 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process_of_rank(1, out), signal.SIGKILL)
        assert process.wait(240) == ExitCode.NOT_ALL
    step = stored_step(out) or 0
    assert 20 <= step < 400
    again = subprocess.run(
        launched(script, "--resume", "-o", out, "--minutes", 0.05), capture_output=True, text=True, env=script_path, check=False, timeout=240
    )
    assert f"goes on after step {step} of 400" in again.stderr, again.stderr
    assert again.stderr.count("All numbers and plots") == 1  # the leader alone speaks
    assert again.stdout.strip() in ("", str(out / "best"), str(out / "rejected"))
    assert (out / "report.html").is_file()
