"""Rules of whoever fills part files: what a process leaves behind when it is killed, and what the next one makes of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from siga_ocr.errors import ExitCode
from siga_ocr.read_options import ReadOptions
from siga_ocr.reading import Provenance, Reading
from siga_ocr.scale.part_reader import DEATHS_OF_AN_IMAGE, OTHER_DEATHS, Done, Order, PartReader, Work, orders
from siga_ocr.scale.parts import PartFolder, PartFormat


class Killed(BaseException):
    """A process ends here: nothing that it would have done is done."""


class Mortal:
    """Reads what it is given, and dies of what is deadly."""

    def __init__(self, deadly: Sequence[str]) -> None:
        self.provenance = Provenance("mortal")
        self.notices: list[str] = []
        self.asked: list[str] = []
        self._deadly = deadly

    def read(self, sources: Sequence[str], /) -> Iterator[Reading]:
        for source in sources:
            self.asked.append(source)
            if source in self._deadly:
                raise Killed
            yield Reading(source, "ok", "A")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    parts = PartFolder(tmp_path / "out", PartFormat.JSONL)
    parts.path.mkdir()
    return Work("mortal", "cpu", "auto", ReadOptions(), parts, str(Path.cwd()))


def filled(work: Work, order: Order, deadly: Sequence[str], most: int = 20) -> tuple[Done, int]:
    """What becomes of an order that a new process takes up each time one dies, and how many have died."""
    for deaths in range(most):
        try:
            return PartReader(work, Mortal(deadly)).fill(order), deaths
        except Killed:
            continue
    raise AssertionError(f"{most} processes died")


def statuses(work: Work, number: int) -> dict[str, str]:
    records = [json.loads(line) for line in work.parts.part(number).read_text().splitlines()]
    assert len({record["file"] for record in records}) == len(records)
    return {record["file"]: record["status"] for record in records}


IMAGES = ("a.png", "b.png", "c.png", "d.png", "e.png")


@pytest.mark.parametrize("deadly", [(), ("b.png",), ("e.png",), ("a.png", "d.png", "e.png"), IMAGES])
def test_images_that_kill_are_given_up_and_no_others(work: Work, deadly: Sequence[str]) -> None:
    done, deaths = filled(work, Order(3, IMAGES), deadly)
    assert not done.fault
    assert list(statuses(work, 3)) == list(IMAGES)
    assert statuses(work, 3) == {image: "error" if image in deadly else "ok" for image in IMAGES}
    assert deaths == (1 + DEATHS_OF_AN_IMAGE * len(deadly) if deadly else 0), "once together, then alone"
    assert not work.parts.tries(3).exists()


def test_one_death_costs_no_image(work: Work) -> None:
    with pytest.raises(Killed):
        PartReader(work, Mortal(["c.png"])).fill(Order(0, IMAGES))
    assert not work.parts.part(0).exists()
    done = PartReader(work, Mortal([])).fill(Order(0, IMAGES))
    assert done.statuses == {"ok": 5}
    assert "died" in done.notices[0]
    assert set(statuses(work, 0).values()) == {"ok"}


def test_who_dies_elsewhere_does_so_for_a_while_only(work: Work) -> None:
    order = Order(0, IMAGES)
    work.parts.tries(0).write_text("begun\n" * (OTHER_DEATHS - 1))
    assert not PartReader(work, Mortal([])).fill(order).fault
    work.parts.tries(0).write_text("begun\n" * OTHER_DEATHS)
    reader = Mortal([])
    done = PartReader(work, reader).fill(order)
    assert done.exit_code == ExitCode.DEVICE
    assert "memory" in done.fault
    assert not reader.asked


def test_who_dies_while_the_part_is_written_blames_no_image(work: Work) -> None:
    every = "".join(f"{place}\n" for place in range(len(IMAGES) + 1))
    work.parts.tries(0).write_text("begun\n" + f"begun\n{every}" * 2)
    assert PartReader(work, Mortal([])).fill(Order(0, IMAGES)).statuses == {"ok": 5}


def test_a_notice_is_said_once(work: Work) -> None:
    reader = Mortal([])
    reader.notices.append("No GPU here.")
    filler = PartReader(work, reader)
    assert filler.fill(Order(0, IMAGES)).notices == ("No GPU here.",)
    assert filler.fill(Order(1, IMAGES)).notices == ()


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"version": "0.0.1"}, ExitCode.USAGE, "0.0.1"),
        ({"parts": PartFolder(Path("/absent/out"), PartFormat.JSONL)}, ExitCode.DISK, "/absent/out"),
        ({"start": "/absent"}, ExitCode.DISK, "relative paths"),
    ],
)
def test_a_machine_that_does_not_fit_says_so(work: Work, change: dict[str, object], code: ExitCode, word: str) -> None:
    done = PartReader(replace(work, **change), Mortal([])).fill(Order(0, IMAGES))  # type: ignore[arg-type]
    assert done.exit_code == code
    assert word in done.fault


def test_absolute_paths_need_no_folder_to_start_from(work: Work) -> None:
    assert not PartReader(replace(work, start="/absent"), Mortal([])).fill(Order(0, ("/a.png",))).fault


def test_orders_fill_the_gaps_of_an_interrupted_run_with_the_same_images() -> None:
    images = [f"{number}.png" for number in range(10)]
    whole = list(orders(images, (), size=4))
    assert [(order.number, len(order.images)) for order in whole] == [(0, 4), (1, 4), (2, 2)]
    written = {0, 2}
    left = [image for order in whole if order.number not in written for image in order.images]
    assert list(orders(left, written, size=4)) == [whole[1]]
    assert list(orders([], written)) == []


def test_orders_and_answers_survive_the_journey() -> None:
    order = Order(5, ("a.png", "\udc80\n.png", "zero\0.png"))
    assert order.packed().isascii()
    assert Order.unpacked(order.packed()) == order
    done = Done(5, {"ok": 2}, ("a", "b"), "host", 77, "fault", 6)
    assert Done.unpacked(done.packed()) == done
