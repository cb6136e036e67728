"""Rules of the reader: a reading for each path, in order, whatever shares its batch."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siga_ocr import __version__, intake, preprocess, reader
from siga_ocr.config import InputConfig, ModelConfig
from siga_ocr.crops import Crop, read_crop, to_crop
from siga_ocr.engines.engine import EngineFacts, EngineOutput, OutOfMemory
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.errors import DeviceError, ModelError, UnreadableImage, UsageError
from siga_ocr.focus import as_read
from siga_ocr.intake import IntakeOptions, Source, Taken, take_all
from siga_ocr.pixels import MAX_ASPECT
from siga_ocr.preprocess import Batch, Pixels
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.reading import Provenance, Reading
from siga_ocr.store import weights


class WidthEngine:
    """Reads every crop as as many "1" as it has tens of columns, each seen in a tenth of the crop's own columns."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.facts = EngineFacts("widths", "cpu", "exact")
        self.calls: list[tuple[int, int, int]] = []

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        self.calls.append((len(batch), batch.images.shape[3], steps))
        log_probabilities = np.full((len(batch), steps, self.config.charset.class_count), -20.0, dtype=np.float32)
        attention = np.zeros((len(batch), steps, 1, batch.images.shape[3]), dtype=np.float32)
        for row, width in enumerate(batch.widths):
            for step in range(steps):
                is_character = step < width // 10
                log_probabilities[row, step, self.config.characters.index("1") + 1 if is_character else 0] = -0.001
                attention[row, step, 0, 10 * step : 10 * step + 10] = 0.1
        return EngineOutput(log_probabilities, attention)

    def foreground(self, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return batch.mask[:, None, :].repeat(self.config.input.height, axis=1)


@pytest.fixture
def engine(tiny_config: ModelConfig) -> WidthEngine:
    return WidthEngine(tiny_config)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Crops of many widths, 32 high, and between them what cannot be read."""
    made = []
    for number, width in enumerate((70, 200, 30, 380, 96, 64, 65, 0, 120, 20, 310, 0, 128)):
        path = tmp_path / f"{number:02d}.png"
        if width:
            pixels = np.random.default_rng(number).integers(0, 256, (32, width, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path)
        made.append(str(path))
    return made


def test_a_row_for_each_path_in_the_order_given(engine: WidthEngine, paths: list[str]) -> None:
    readings = list(Reader(engine, ReadOptions(window=5, batch_size=2, once=True)).read(paths))  # a long one stays whole
    assert [reading.file for reading in readings] == paths
    for reading, path in zip(readings, paths, strict=True):
        if Path(path).exists():
            assert reading.text == "1" * min(read_crop(path).image.shape[1] // 10, engine.config.max_length)
        else:
            assert (reading.status, reading.error) == ("error", "no such file or folder")
    assert max(size for size, _, _ in engine.calls) <= 2


def test_how_crops_are_gathered_changes_nothing(tiny_model_folder: Path, paths: list[str]) -> None:
    engine = TorchEngine.load(tiny_model_folder, "cpu")
    reader = Reader(engine)
    alone = [next(reader.read([path])) for path in paths]
    for options in (ReadOptions(), ReadOptions(window=3, batch_size=2, first_steps=1)):
        gathered = list(Reader(engine, options).read(paths))
        assert [r.text for r in gathered] == [r.text for r in alone]
        for one, other in zip(gathered, alone, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
            assert [c.x0 for c in one.characters] == pytest.approx([c.x0 for c in other.characters], abs=0.1)


def test_light_on_dark_is_read_as_dark_on_light_is(tiny_model_folder: Path) -> None:
    engine = TorchEngine.load(tiny_model_folder, "cpu")
    dark = np.random.default_rng(3).integers(0, 256, (32, 90, 3), dtype=np.uint8)
    upright, inverted, grey = Reader(engine, ReadOptions(threads=1)).read([dark, 255 - dark, (255 - dark)[:, :, 0]])
    for reading in (upright, inverted, grey):
        assert (reading.status, reading.error, reading.width, reading.height) == ("ok", "", 90, 32)
        assert 0 < reading.confidence <= 1
        assert len(reading.characters) == len(reading.text)
    assert inverted.confidence != upright.confidence  # it is not the same picture to the network


@pytest.mark.parametrize(("device", "long"), [("cuda:0", (256, 320, 384)), ("cpu", (200, 312, 384))])
def test_batches_hold_one_bucket_and_only_long_crops_run_twice(device: str, long: tuple[int, ...], engine: WidthEngine, paths: list[str]) -> None:
    engine.facts = EngineFacts("widths", device, "exact")
    crops = [read_crop(path) for path in paths if Path(path).exists()]
    Reader(engine, ReadOptions(threads=1, once=True)).read_crops(crops)
    first = [call for call in engine.calls if call[2] == 16]
    again = [call for call in engine.calls if call[2] != 16]
    assert len({width for _, width, _ in first}) == len(first)
    assert sorted(again) == [(1, width, 21) for width in long]  # a CPU pads to the next multiple of eight, a GPU to the bucket


def test_places_are_in_pixels_of_the_crop(engine: WidthEngine) -> None:
    crop = Crop(np.zeros((64, 200, 3), dtype=np.uint8), "a")  # twice the network's height
    characters = Reader(engine).read_crops([crop])[0].characters
    assert len(characters) == 10
    for number, character in enumerate(characters):
        assert (character.x0, character.x1) == pytest.approx((20 * number + 1, 20 * number + 19), abs=1e-3)


def test_reading_is_lazy(engine: WidthEngine) -> None:
    taken: list[int] = []

    def endless() -> Iterator[str]:
        for number in count():
            taken.append(number)
            yield f"absent-{number}.png"

    readings = Reader(engine, ReadOptions(window=4)).read(endless())
    assert next(readings).file == "absent-0.png"
    assert taken == [0]  # the first reading waits for no other source
    assert [next(readings).file for _ in range(6)] == [f"absent-{number}.png" for number in range(1, 7)]
    assert len(taken) <= 1 + 3 * 4


def test_explaining_reads_the_same_and_shows_one_map_a_character(tiny_model_folder: Path, paths: list[str]) -> None:
    reader = Reader.load(str(tiny_model_folder), "cpu", options=ReadOptions(once=True))
    reading, evidence = reader.explain(paths[0])
    plain = next(reader.read(paths[:1]))
    assert reading.text == plain.text
    assert reading.confidence == pytest.approx(plain.confidence, abs=1e-4)
    assert evidence is not None
    assert len(evidence.glyph_attention) == len(evidence.characters) == len(reading.text)
    assert np.array_equal(evidence.crop, read_crop(paths[0]).image)
    missing, nothing = reader.explain("absent.png")
    assert (missing.status, nothing) == ("error", None)


def test_nothing_in_nothing_out(engine: WidthEngine) -> None:
    assert list(Reader(engine).read([])) == []
    assert Reader(engine).read_crops([]) == []


def test_options_check_themselves() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        ReadOptions(window=0)


def test_the_weakest_character_counts_and_the_end_mark_where_there_is_none(engine: WidthEngine) -> None:
    assert Reading("a", "ok", "", 0.4).min_character_confidence == 0.4
    reading = Reader(engine).read_crops([Crop(np.zeros((32, 40, 3), dtype=np.uint8), "a")])[0]
    assert reading.min_character_confidence == min(c.confidence for c in reading.characters)


def picture(width: int = 70) -> Image.Image:
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (32, width, 3), dtype=np.uint8))


def test_a_source_may_be_a_path_bytes_an_array_a_picture_or_a_crop(engine: WidthEngine, tmp_path: Path) -> None:
    path, image = tmp_path / "a.png", picture()
    image.save(path)
    array = np.asarray(image)
    sources: list[Source] = [
        str(path),
        path,
        path.read_bytes(),
        bytearray(path.read_bytes()),
        memoryview(path.read_bytes()),
        array,
        array[:, :, 0],
        image,
        Crop(array, "mine"),
        np.zeros((2, 2, 7), dtype=np.uint8),
        b"no image",
    ]
    readings = list(Reader(engine).read(sources))
    assert [reading.text for reading in readings] == ["1" * 7] * 9 + ["", ""]
    assert [reading.file for reading in readings] == [str(path), str(path), *[""] * 6, "mine", "", ""]
    assert [reading.status for reading in readings] == ["ok"] * 9 + ["error"] * 2
    assert {(reading.width, reading.height) for reading in readings[:9]} == {(70, 32)}
    assert all(reading.elapsed_ms >= 0 and reading.read_at.endswith("+00:00") for reading in readings)
    assert [Reader(engine).explain(source)[0].text for source in (image, sources[3])] == ["1" * 7] * 2


def test_none_asks_for_what_has_come_so_far(engine: WidthEngine) -> None:
    drawn: list[int] = []

    def sources() -> Iterator[Image.Image | None]:
        for number in range(12):
            drawn.append(number)
            yield picture(60)
            if number in (6, 7):
                yield None

    readings = Reader(engine).read(sources())
    seen = [(next(readings).text, len(drawn)) for _ in range(8)]
    assert [text for text, _ in seen] == ["111111"] * 8
    assert [count for _, count in seen[5:8]] == [7, 7, 8]
    assert len(list(readings)) == 4


def test_a_slow_source_is_not_waited_for(engine: WidthEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SLOW_SOURCE", -1.0)  # every source counts as slow
    drawn: list[int] = []

    def sources() -> Iterator[Image.Image]:
        for number in range(5):
            drawn.append(number)
            yield picture(60)

    assert [len(drawn) for _ in Reader(engine).read(sources())] == [1, 2, 3, 4, 5]


def test_a_region_is_cut_out_first(engine: WidthEngine) -> None:
    inside, outside = (next(Reader(engine, ReadOptions(roi=roi)).read([picture(300)])) for roi in ((100, 0, 50, 32), (400, 0, 9, 9)))
    assert (inside.text, inside.width, inside.height) == ("11111", 50, 32)
    assert max(character.x1 for character in inside.characters) <= 50
    assert (outside.status, outside.text) == ("error", "")
    assert "outside" in outside.error
    reading, evidence = Reader(engine, ReadOptions(roi=(100, 0, 50, 32))).explain(picture(300))
    assert (reading.text, evidence is not None and evidence.crop.shape) == ("11111", (32, 50, 3))


def test_what_is_too_long_for_a_crop_is_a_row_unless_a_region_of_it_is_read(engine: WidthEngine) -> None:
    longest = np.zeros((1, MAX_ASPECT, 3), dtype=np.uint8)
    longer = Crop(np.zeros((1, MAX_ASPECT + 1, 3), dtype=np.uint8), "long")
    upright = np.zeros((MAX_ASPECT + 1, 1, 3), dtype=np.uint8)
    readings = list(Reader(engine).read([longest, longer, upright]))
    assert [reading.status for reading in readings] == ["ok", "error", "error"]
    assert readings[1].error == "of its 100001 x 1 pixels one side is more than 100000 times the other: give a crop"
    assert Reader(engine).explain(longer)[0].error == readings[1].error
    (cut,) = Reader(engine, ReadOptions(roi=(0, 0, 9, 1))).read([longer])
    assert (cut.width, cut.height) == (9, 1)
    with pytest.raises(UnreadableImage):
        as_read(upright, engine.config.input)


def test_a_crop_that_there_is_no_memory_for_is_a_row(engine: WidthEngine, paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = preprocess.fit

    def fit(image: Pixels, config: InputConfig) -> Pixels:
        if image.shape[1] == 200:
            raise MemoryError
        return real(image, config)

    monkeypatch.setattr(intake, "fit", fit)
    readings = list(Reader(engine).read(paths[:3]))
    assert [reading.status for reading in readings] == ["ok", "error", "ok"]
    assert readings[1].error == "there is not enough memory to open and scale it: give a crop"


def test_review_is_given_only_where_a_rule_asks_for_it(engine: WidthEngine) -> None:
    confidence = next(Reader(engine).read([picture()])).confidence
    assert 0 < confidence < 1
    for bar, status in ((0.0, "ok"), (confidence, "ok"), (min(confidence + 1e-6, 1.0), "review")):
        reading = next(Reader(engine, ReadOptions(min_confidence=bar)).read([picture()]))
        assert (reading.status, reading.text) == (status, "1" * 7)


def test_a_trace_holds_the_hash_of_what_came_in(engine: WidthEngine, tmp_path: Path) -> None:
    path, array = tmp_path / "a.bmp", np.asarray(picture())
    picture().save(path)
    (tmp_path / "empty.png").write_bytes(b"not an image")
    sources: list[Source] = [str(path), array, str(tmp_path / "empty.png")]
    traced = [reading.image_sha256 for reading in Reader(engine, ReadOptions(trace=True)).read(sources)]
    assert traced == [hashlib.sha256(content).hexdigest() for content in (path.read_bytes(), array.tobytes(), b"not an image")]
    assert not any(reading.image_sha256 for reading in Reader(engine).read(sources))


def test_processes_that_open_images_change_nothing(engine: WidthEngine, paths: list[str]) -> None:
    there = [(r.file, r.text, r.error) for r in Reader(engine, ReadOptions(workers=1)).read(paths)]
    assert there == [(r.file, r.text, r.error) for r in Reader(engine).read(paths)]


def test_a_model_that_is_replaced_while_it_is_opened_is_opened_where_it_lies_then(
    tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = iter([tmp_path / "gone", tiny_model_folder])
    monkeypatch.setattr(weights, "find", lambda _: weights.Found(next(places)))
    assert Reader.load("line3", "cpu").provenance.model == "line3"
    monkeypatch.setattr(weights, "find", lambda _: weights.Found(tmp_path / "gone"))
    with pytest.raises(ModelError, match="gone"):
        Reader.load("line3", "cpu")


class SmallDevice(WidthEngine):
    """Has memory for `room` crops at once."""

    room = 3

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        if len(batch) > self.room:
            raise OutOfMemory(f"no room for {len(batch)}")
        return super().run(batch, steps)


def test_too_little_memory_halves_the_batch_and_says_so(tiny_config: ModelConfig) -> None:
    engine = SmallDevice(tiny_config)
    reader = Reader(engine, ReadOptions(batch_size=10, threads=1))
    assert [r.text for r in reader.read_crops([to_crop(picture(60))] * 22)] == ["111111"] * 22
    assert reader.notices == [
        "cpu has not enough memory for 10 crops at once: going on with 5.",
        "cpu has not enough memory for 5 crops at once: going on with 3.",
    ]
    assert max(size for size, _, _ in engine.calls) == 3
    engine.room = 0
    with pytest.raises(DeviceError, match="no room for 1"):
        reader.read_crops([to_crop(picture(60))])


def test_provenance_says_what_was_used(tiny_model_folder: Path) -> None:
    loaded = Reader.load(str(tiny_model_folder), "cpu", "torch")
    weights = hashlib.sha256((tiny_model_folder / "model.safetensors").read_bytes()).hexdigest()
    assert loaded.provenance == Provenance(str(tiny_model_folder), "", weights, "torch", "cpu", "float32", __version__)


@pytest.mark.parametrize(
    "wrong", [{"roi": (0, 0, 0, 5)}, {"roi": (1, 2, 3)}, {"min_confidence": 1.5}, {"threads": -1}, {"workers": -1}, {"batch_size": 0}]
)
def test_options_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ReadOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_best": 101}, "n_best must be at least 0 and at most 100, got 101."),
        ({"min_margin": -1.0}, "min_margin must be nats from 0, got -1.0."),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0."),
        ({"workers": 1025}, "workers must be at least 0 and at most 1024, got 1025."),
    ],
)
def test_an_option_out_of_range_is_said_alone_with_its_bound(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        ReadOptions(**wrong)  # type: ignore[arg-type]
    assert str(caught.value) == said


def test_whoever_stops_listening_does_not_wait_for_what_is_ahead(engine: WidthEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def slowly(sources: list[Source], config: InputConfig, options: IntakeOptions) -> list[Taken]:
        opened.append(len(sources))
        time.sleep(0.3 if sum(opened) > 1 + 4 + 16 + 64 else 0.0)  # the last window would take ten seconds
        return take_all(sources, config, options)

    monkeypatch.setattr(reader, "take_all", slowly)
    readings = Reader(engine, ReadOptions(window=256, threads=1)).read(picture(60) for _ in range(1000))
    for _ in range(1 + 4 + 16 + 1):
        next(readings)
    readings.close()  # type: ignore[attr-defined]
    assert sum(opened) < 1 + 4 + 16 + 64 + 256  # the last of these windows was asked for, and dropped before it was opened


def test_a_window_is_computed_while_the_one_before_is_handed_out(engine: WidthEngine) -> None:
    readings = Reader(engine, ReadOptions(window=4, threads=1)).read(picture(60) for _ in range(1 + 4 + 4))
    for _ in range(2):
        next(readings)  # of the second window one
    deadline = time.monotonic() + 60
    while sum(size for size, _, _ in engine.calls) < 9 and time.monotonic() < deadline:
        time.sleep(0.01)  # nobody asks for more meanwhile
    assert sum(size for size, _, _ in engine.calls) == 9
    assert len(list(readings)) == 7


def test_a_window_holds_enough_for_full_batches(engine: WidthEngine) -> None:
    engine.facts = replace(engine.facts, batch_size=100)
    assert len(list(Reader(engine).read([picture(60)] * 3000))) == 3000
    assert max(size for size, _, _ in engine.calls) == 100
    assert sum(size == 100 for size, _, _ in engine.calls) > 25
