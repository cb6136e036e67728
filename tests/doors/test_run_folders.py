"""The door for what an interrupted run left: it is gone on with, or refused by name."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import strategies as st

from siga_ocr.errors import UsageError
from siga_ocr.journal import Journal
from siga_ocr.reading import Provenance, Reading
from siga_ocr.recipe import TrainConfig
from siga_ocr.resume import scan
from siga_ocr.training.state import stored_step
from siga_ocr.tuning.crops import Prepared
from siga_ocr.tuning.folder import Facts, read_facts, write_facts
from siga_ocr.tuning.plan import Plan
from siga_ocr.tuning.verdict import Marks
from siga_ocr.writers import Format, make_writer
from tests.doors.edits import edited, revalued
from tests.doors.trial import outcome, try_door, watched, within

READINGS = [
    Reading("a,b\t\\.png", "ok", "=A1", 0.5, read_at="now"),
    Reading("c\n\udcff.png", "error", error="no image"),
    Reading('"d".png', "review", ""),
]
FORMS = [Format.JSONL, Format.CSV, Format.TSV, Format.TABLE]


@pytest.fixture(autouse=True)
def _bounded(tmp_path: Path) -> Iterator[None]:
    with watched(tmp_path), within(2**31):
        yield


class Gathered:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def written(form: Format) -> bytes:
    sink = Gathered()
    writer = make_writer(form, sink, Provenance(model="m", weights_sha256="0" * 64))
    for reading in READINGS:
        writer.write(reading)
    return sink.text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("form", FORMS)
def test_a_partial_result_is_gone_on_with_or_refused(form: Format, tmp_path: Path) -> None:
    partial, whole = tmp_path / "out.partial", written(form)

    def holds(content: bytes) -> None:
        partial.write_bytes(content)
        earlier = outcome(lambda: scan(partial, form), str(partial))
        if earlier is not None:
            assert 0 <= earlier.end <= len(content)
            assert earlier.count == earlier.statuses.total()

    known = [b"[" * 10**5 + b"\n", b'"' + b"a\n" * 20_000, whole + b"a\\\n", whole + b"a\\x\tb\n", whole + b"a" * 200_000 + b",\n"]
    try_door(st.one_of(edited([whole]), st.binary(max_size=40)), holds, 60, [whole, *known])
    partial.write_bytes(whole)
    assert scan(partial, form).count == len(READINGS)


def test_results_of_a_hot_folder_are_gone_on_with_or_refused(tmp_path: Path) -> None:
    line = json.dumps({"file": "a.png", "status": "ok", "size": 3, "modified_ns": 5}).encode() + b"\n"

    def opened(path: Path) -> str:
        with Journal(path) as journal:
            return type(journal).__name__

    def holds(content: bytes) -> None:
        for left in tmp_path.iterdir():
            left.unlink()
        (tmp_path / "seen.jsonl").write_bytes(content)
        outcome(lambda: opened(tmp_path / "seen.jsonl"), "seen.jsonl")

    rows = revalued(json.loads(line)).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass") + b"\n")
    try_door(st.one_of(edited([line * 2]), rows), holds, 40, [line, b"[" * 10**5 + b"\n"])


def facts() -> Facts:
    sizes = {"steps": 9, "batch": 2, "warm_up": 1, "check_every": 1, "patience": 2, "processes": 1, "workers": 0, "seed": 2001}
    plan = Plan(**sizes, rate=0.1, average_decay=0.5, precision="float32", fixed_statistics=False, glyph_loss=True, seconds=9.0)
    marks = Marks((True, False), 0.5)
    return Facts(model="m", name="n", plan=plan, prepared=Prepared(3, 2, 1, (("tiny", 1),)), on_validation=marks, on_rest=marks, asked={"steps": "9"})


def test_a_fine_tuning_is_gone_on_with_or_refused(tmp_path: Path) -> None:
    write_facts(tmp_path, facts(), TrainConfig())
    assert read_facts(tmp_path) == (facts(), TrainConfig())
    whole = json.loads((tmp_path / "finetune.json").read_bytes())

    def holds(value: object) -> None:
        (tmp_path / "finetune.json").write_text(json.dumps(value), encoding="utf-8", errors="surrogatepass")
        found = outcome(lambda: read_facts(tmp_path), str(tmp_path))
        assert found is None or isinstance(found[0].plan.steps, int)

    try_door(revalued(whole), holds, 80, [whole, asdict(facts())])
    (tmp_path / "finetune.json").unlink()
    with pytest.raises(UsageError, match="holds no fine-tuning"):
        read_facts(tmp_path)


def test_the_state_of_a_training_is_gone_on_with_or_refused(tmp_path: Path) -> None:
    (tmp_path / "last").mkdir()
    whole = {"format": 1, "progress": {"step": 3, "round": 1, "first_index": [[1000, 5]]}, "recipe": {}}

    def holds(value: object) -> None:
        (tmp_path / "last" / "state.json").write_text(json.dumps(value), encoding="utf-8", errors="surrogatepass")
        outcome(lambda: stored_step(tmp_path), str(tmp_path))

    try_door(revalued(whole), holds, 60, [whole])
