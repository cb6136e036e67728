"""The page on plugging in: its listings run, are short, and train the recogniser with all of the losses."""

import cv2
import numpy as np
import pytest
import torch

from siga_ocr.charset import Charset
from tests.plug_in import listings, page

CHARSET = Charset("0123456789")
MOST_LINES = 60
TEXTS = ("12", "3", "907", "56")


def crops() -> tuple[torch.Tensor, torch.Tensor]:
    """Grey levels [4, 1, 32, 64], and targets [4, 4]."""
    drawn = np.full((len(TEXTS), 1, 32, 64), 200, dtype=np.uint8)
    targets = torch.zeros(len(TEXTS), 4, dtype=torch.long)
    for row, text in enumerate(TEXTS):
        cv2.putText(drawn[row, 0], text, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 30, 2)
        targets[row, : len(text)] = torch.tensor(CHARSET.encode(text))
    return torch.from_numpy(drawn).float(), targets


def test_the_page_adds_glyph_attention_in_few_lines() -> None:
    plain, added = listings()
    assert "siga_ocr" not in plain
    assert sum(bool(line.strip()) for line in added.splitlines()) <= MOST_LINES


def test_the_plain_recogniser_reads_and_learns() -> None:
    torch.manual_seed(0)
    grey, targets = crops()
    network = page().Recogniser(CHARSET.class_count)
    logits = network((grey - 128) / 64, 4)
    assert logits.shape == (4, 4, 11)
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_the_glyph_recogniser_trains_with_every_loss_and_reads_from_its_ink() -> None:
    torch.manual_seed(0)
    grey, targets = crops()
    network = page().GlyphRecogniser(CHARSET.class_count, 5)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    images, losses = (grey - 128) / 64, []
    for step in range(12):
        optimiser.zero_grad()
        loss = network.loss(images, grey, targets, step / 12)
        loss.total.backward()
        losses.append(float(loss.total.detach()))
        optimiser.step()
    assert loss.parts.keys() == {"aligned", "final", "segmentation", "alignment", "maps_low", "maps_middle"}
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert losses[-1] < losses[0]
    assert network.eval()(images, 5).shape == (4, 5, 11)
    with torch.no_grad():
        network.glyph.low.locate.weight.add_(torch.randn_like(network.glyph.low.locate.weight))
    assert not torch.allclose(network.outputs(images, 4).glyph_maps[0], network.outputs(images * 0, 4).glyph_maps[0])


def test_the_glyph_recogniser_starts_as_the_plain_one_and_more() -> None:
    plain, glyphs = page().Recogniser(5), page().GlyphRecogniser(5, 3)
    missing, unknown = glyphs.load_state_dict(plain.state_dict(), strict=False)
    assert not unknown
    assert {name.split(".")[0] for name in missing} == {"trunk", "glyph", "gates", "head"}
    images = torch.randn(2, 1, 32, 64)
    torch.testing.assert_close(glyphs.eval().outputs(images, 3).logits["aligned"], plain.eval()(images, 3))


@pytest.mark.parametrize("steps", [1, 3])
def test_alignments_sum_to_one(steps: int) -> None:
    network = page().Recogniser(5)
    _, alignment, _ = network.decode(torch.randn(2, 16, 128), steps)
    torch.testing.assert_close(alignment.sum(2), torch.ones(2, steps))
