"""A long code that leaves a doubt is read in halves, which are joined: its text, its places, its confidence and its evidence."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from siga_ocr.config import ModelConfig
from siga_ocr.crops import Crop
from siga_ocr.decode import Decoded
from siga_ocr.engines.engine import EngineFacts, EngineOutput
from siga_ocr.formats.codeformat import CodeFormat
from siga_ocr.intake import IntakeOptions, take
from siga_ocr.long_codes import LONG, halves, joined
from siga_ocr.orientation import Look
from siga_ocr.preprocess import Batch
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.reading import CharReading
from siga_ocr.visualize import overlay

PITCH = 14
"""Pixels of the crop from one character to the next, of which six are ink."""

REACH = 15
"""Places that the network below knows."""

WIDEST = 60
"""Columns of ink; more are characters that have run together."""

SURE, LOST = 0.98, 0.3


class BlockEngine:
    """Reads a block of ink as A, one with a gap half-way up as B; behind the places that it knows, and in blocks that have run together, only C,
    without being sure."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.facts = EngineFacts("blocks", "cpu", "exact")
        self.widths: list[int] = []

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        count = len(batch)
        log_probabilities = np.full((count, steps, self.config.charset.class_count), -20.0, dtype=np.float32)
        attention = np.full((count, steps, 8, batch.images.shape[3] // 2), 1e-9, dtype=np.float32)
        for row, width in enumerate(batch.widths.tolist()):
            self.widths.append(width)
            blocks = self.blocks(batch.images[row, 0, :, :width])
            for place in range(steps):
                if place >= len(blocks):
                    log_probabilities[row, place, 0] = 0.0
                    continue
                letter, begin, end = blocks[place]
                is_known = place < REACH and letter != "C"
                log_probabilities[row, place, self.config.charset.encode(letter if is_known else "C")[0]] = np.log(SURE if is_known else LOST)
                attention[row, place, :, begin // 2 : max(begin // 2 + 1, end // 2)] = 1.0
        return EngineOutput(log_probabilities, attention / attention.sum(axis=(2, 3), keepdims=True))

    @staticmethod
    def blocks(image: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> list[tuple[str, int, int]]:
        """Letter, first column and column behind the last of each."""
        middle, inked = image.shape[0] // 2, np.r_[0, (image > 0.3).any(axis=0).astype(np.int64), 0]
        edges = zip(np.flatnonzero(np.diff(inked) == 1).tolist(), np.flatnonzero(np.diff(inked) == -1).tolist(), strict=True)
        found: list[tuple[str, int, int]] = []
        for begin, end in edges:
            if end - begin > WIDEST:
                found += [("C", part, min(part + 10, end)) for part in range(begin, end, 10)]
            elif end - begin > 2:
                found.append(("A" if image[middle - 1 : middle + 1, begin:end].mean() > 0.3 else "B", begin, end))
        return found

    def foreground(self, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return batch.mask[:, None, :].repeat(self.config.input.height, axis=1)


def crop(text: str, scale: int = 1) -> Crop:
    """A crop 32 times `scale` pixels high."""
    image = np.full((32, PITCH * len(text) + 4, 3), 60, dtype=np.uint8)
    for place, letter in enumerate(text):
        image[4:28, 4 + PITCH * place : 10 + PITCH * place] = 220
        if letter == "B":
            image[11:21, 4 + PITCH * place : 10 + PITCH * place] = 60
    return Crop(np.ascontiguousarray(image.repeat(scale, axis=0).repeat(scale, axis=1)), "a")


CODE = "AABABBBAABABABBAAABBABAB"


@pytest.fixture
def engine(tiny_config: ModelConfig) -> BlockEngine:
    return BlockEngine(tiny_config)


@pytest.mark.parametrize("scale", [1, 3])
def test_a_long_code_is_read_in_halves_and_its_places_are_those_of_the_crop(engine: BlockEngine, scale: int) -> None:
    read = Reader(engine).read_crops([crop(CODE, scale)])[0]
    assert read.text == CODE
    assert read.confidence == pytest.approx(SURE ** len(CODE), rel=0.01)
    for place, character in enumerate(read.characters):
        middle = scale * (7 + PITCH * place)
        assert (character.x0 + character.x1) / 2 == pytest.approx(middle, abs=2.0 * scale)
    assert (read.width, read.height) == (scale * (PITCH * len(CODE) + 4), 32 * scale)


def test_once_is_once(engine: BlockEngine) -> None:
    read = Reader(engine, ReadOptions(once=True)).read_crops([crop(CODE)])[0]
    assert read.text == CODE[:REACH] + "C" * (engine.config.max_length - REACH)
    assert read.confidence < 1e-3


def test_what_had_to_be_squeezed_is_cut_from_the_pixels_before_that(engine: BlockEngine) -> None:
    text = CODE + CODE[:16]  # 564 columns; the network takes 384
    read = Reader(engine).read_crops([crop(text)])[0]
    assert read.text == text
    parts = [width for width in engine.widths if width < 384]
    assert min(abs(width - 8 * PITCH) for width in parts) <= PITCH / 2  # of eight characters or so, as wide as they were


def test_a_sure_or_a_short_code_is_not_halved(engine: BlockEngine) -> None:
    Reader(engine, ReadOptions()).read_crops([crop(CODE[:12])])
    assert len(engine.widths) <= 7  # itself, five looks, and its line with the blocks as far apart as usual


def test_whole_parts_that_are_surer_do_not_replace_a_surer_whole(engine: BlockEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga_ocr.looking.joined", lambda whole, parts: replace(joined(whole, parts), confidence=0.0))
    read = Reader(engine).read_crops([crop(CODE)])[0]
    assert read.text.startswith(CODE[:REACH] + "C")


@pytest.mark.parametrize(("last", "read"), [("[ABC]", CODE), ("C", CODE[:-1] + "C")])
def test_a_search_judges_the_joined_code(tiny_config: ModelConfig, last: str, read: str) -> None:
    engine = BlockEngine(replace(tiny_config, max_length=30))
    options = ReadOptions(code_format=CodeFormat(regex=CODE[:-1] + last))
    found = Reader(engine, options).read_crops([crop(CODE)])[0]
    assert found.text == read
    assert found.raw_text == CODE if read != CODE else found.raw_text in (None, CODE)
    assert found.confidence == pytest.approx(SURE ** len(CODE) if read == CODE else 0.0, rel=0.01, abs=1e-6)


@pytest.mark.parametrize("regex", [CODE[:-2], CODE + "[AB]A?"])
def test_evidence_has_a_map_for_each_character_that_a_format_leaves_or_adds(tiny_config: ModelConfig, regex: str) -> None:
    engine = BlockEngine(replace(tiny_config, max_length=30))
    read, evidence = Reader(engine, ReadOptions(code_format=CodeFormat(regex=regex))).explain(crop(CODE))
    assert evidence is not None
    assert len(read.text) != len(CODE)
    assert read.text.startswith(CODE[:-2])
    assert len(evidence.glyph_attention) == len(read.characters) == len(read.text)
    assert overlay(evidence).ndim == 3


def test_halves_that_read_nothing_are_no_code_of_a_format(tiny_config: ModelConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = BlockEngine(replace(tiny_config, max_length=30))
    empty = Decoded((), 0.9, log_probabilities=np.zeros((2, tiny_config.charset.class_count), dtype=np.float32))
    monkeypatch.setattr("siga_ocr.looking.joined", lambda *_: empty)
    read = Reader(engine, ReadOptions(code_format=CodeFormat(mask="A" * len(CODE)))).read_crops([crop(CODE)])[0]
    assert len(read.text) == len(CODE)


def test_the_runners_up_are_those_of_the_joined_code(engine: BlockEngine) -> None:
    read = Reader(engine, ReadOptions(n_best=2, min_margin=0.1)).read_crops([crop(CODE)])[0]
    assert read.text == CODE
    assert read.confidence == pytest.approx(SURE ** len(CODE), rel=0.01)
    assert read.found is not None
    assert read.found.n_best is not None
    assert read.found.n_best[0].text == CODE
    assert read.found.n_best[0].confidence == pytest.approx(read.confidence)
    assert all(one.x0 <= one.x1 <= other.x1 for one, other in pairwise(read.characters))


def test_the_evidence_shows_every_part_in_its_place(engine: BlockEngine) -> None:
    read, evidence = Reader(engine).explain(crop(CODE))
    assert evidence is not None
    assert read.text == CODE
    assert evidence.glyph_attention.shape[0] == len(CODE)
    assert evidence.own_width == evidence.foreground.shape[1]
    scale = evidence.crop.shape[1] / evidence.glyph_attention.shape[2]
    for place, plane in enumerate(evidence.glyph_attention):
        middle = float((plane.sum(axis=0) * (np.arange(plane.shape[1]) + 0.5)).sum() / plane.sum()) * scale
        assert middle == pytest.approx(7 + PITCH * place, abs=4.0)


def test_log_probabilities_are_those_of_all_parts(engine: BlockEngine) -> None:
    read = Reader(engine, ReadOptions(keep_log_probabilities=True)).read_crops([crop(CODE)])[0]
    assert read.log_probabilities is not None
    ids = engine.config.charset.encode(CODE)
    assert read.log_probabilities[np.arange(len(ids)), ids] == pytest.approx(np.log(SURE), abs=1e-5)
    assert read.log_probabilities[len(ids)].argmax() == 0


def found_in(count: int, pixels: float = PITCH) -> list[CharReading]:
    return [CharReading("A", 0.9, 4 + pixels * place, 10 + pixels * place) for place in range(count)]


def test_a_cut_needs_a_gap_and_a_network_that_keeps_the_aspect_ratio(tiny_config: ModelConfig) -> None:
    config = tiny_config.input
    taken = take(crop(CODE[:20]), config, IntakeOptions())
    assert halves(taken, found_in(LONG - 1), config) is None
    assert halves(taken, found_in(20, 2.0), config) is None  # on top of each other
    assert halves(taken, found_in(20), replace(config, keep_aspect=False, widths=(128,))) is None
    two = halves(taken, found_in(20), config)
    assert two is not None
    first, second = two
    assert first.before == 0
    assert first.taken.pixels.shape[2] + second.taken.pixels.shape[2] == taken.pixels.shape[2]
    assert (second.before - 4) % PITCH == pytest.approx((6 + PITCH) / 2, abs=2)  # half-way between two blocks


def test_parts_of_a_look_with_a_margin_begin_before_the_crop(tiny_config: ModelConfig) -> None:
    taken = replace(take(crop(CODE[:20]), tiny_config.input, IntakeOptions()), look=Look(margin=7), width=PITCH * 20 + 4 - 14)
    two = halves(taken, [replace(one, x0=one.x0 - 7, x1=one.x1 - 7) for one in found_in(20)], tiny_config.input)
    assert two is not None
    assert two[0].before == -7
    assert two[0].taken.look.margin == 0
    assert two[1].before == two[0].taken.width - 7
