"""SIGA-R, SIGA-S and SIGA-T train with the full loss, straightened or not, in either style, one crop or several."""

import numpy as np
import pytest
import torch
from PIL import Image

from siga_ocr.config import Architecture, ModelConfig
from siga_ocr.errors import UsageError
from siga_ocr.losses import Truth, total_loss
from siga_ocr.model import build_model
from siga_ocr.model.backbone.svtr import WINDOW, window_bias
from siga_ocr.model.siga import PublishedSiga
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.recipe import PRESETS
from siga_ocr.recipe_losses import LossConfig, compat
from tests.narrow import narrow

HEADS = {"aligned", "plain", "glyph_low", "glyph_middle", "fused_low", "fused_middle", "final"}
KINDS: list[Architecture] = ["siga-r", "siga-s", "siga-t"]


def crops(config: ModelConfig, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(count, 3, config.input.height, config.input.widths[0]), torch.ones(count, config.input.widths[0])


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "config",
    [narrow(), narrow(rectifier_frozen=False), narrow(rectify=False), narrow("siga-s"), narrow("siga-t")],
    ids=["frozen", "trained", "none", "siga-s", "siga-t"],
)
@pytest.mark.parametrize("losses", [LossConfig(), compat()], ids=["proper", "compat"])
def test_a_training_step_reaches_every_part(count: int, config: ModelConfig, losses: LossConfig) -> None:
    torch.manual_seed(0)
    model = build_model(config).train()
    images, mask = crops(config, count)
    targets = torch.tensor([[3, 1, 2, 0]] * count)
    pseudo = (torch.rand(count, 1, *images.shape[2:]) > 0.7).float()
    truth = Truth(targets, torch.full((count,), 3), pseudo, torch.ones(count), mask)
    output = model.outputs(images, mask, targets)
    assert set(output.logits) == HEADS
    total = total_loss(output, truth, losses, 0.0).total
    assert torch.isfinite(total)
    total.backward()  # type: ignore[no-untyped-call]
    untouched = {name.split(".")[0] for name, parameter in model.named_parameters() if parameter.grad is None}
    assert untouched == ({"rectifier"} if config.rectify and config.rectifier_frozen else set())


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_readings_sum_to_one_and_do_not_depend_on_the_batch(kind: Architecture) -> None:
    torch.manual_seed(0)
    config = narrow(kind, rectify=False)
    model = build_model(config).eval()
    images, mask = crops(config, 2)
    output = model(images, mask, 26)
    assert output.log_probabilities.shape == (2, 26, 37)
    torch.testing.assert_close(output.log_probabilities.exp().sum(2), torch.ones(2, 26))
    torch.testing.assert_close(output.glyph_attention.sum((2, 3)), torch.ones(2, 26))
    alone = model(images[:1], mask[:1], 26).log_probabilities
    torch.testing.assert_close(alone, output.log_probabilities[:1], atol=1e-4, rtol=0)
    assert model.foreground(images, mask).shape == (2, 1, *images.shape[2:])


@pytest.mark.parametrize(
    ("kind", "size", "mean", "std"),
    [
        ("siga-r", (128, 32), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("siga-s", (160, 48), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("siga-t", (128, 32), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ],
)
def test_crops_become_the_input_that_the_reference_takes(
    kind: Architecture, size: tuple[int, int], mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (40, 71, 3), dtype=np.uint8)
    resized = np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BICUBIC), dtype=np.float64) / 255
    expected = ((resized - mean) / std).transpose(2, 0, 1)
    batch = to_batch([fit(crop, PRESETS[kind].input)], PRESETS[kind].input)
    np.testing.assert_allclose(batch.images[0], expected, atol=1e-5)
    assert batch.mask.min() == 1
    assert PRESETS[kind].max_length == 25
    order = "0123456789abcdefghijklmnopqrstuvwxyz" if kind == "siga-t" else "abcdefghijklmnopqrstuvwxyz1234567890"
    assert PRESETS[kind].characters == order


@torch.inference_mode()
def test_the_start_mark_of_siga_t_is_fed_back_and_never_read() -> None:
    config = narrow("siga-t")
    torch.manual_seed(0)
    model = build_model(config).eval()
    assert isinstance(model, PublishedSiga)
    start = config.charset.start
    for decoder in (model.aligned_decoder, model.head.decoder):
        assert decoder.classify.out_features == start + 1 == 38
    model.head.decoder.classify.bias[start] = 50.0
    images, mask = crops(config, 2)
    output = model(images, mask, 3).log_probabilities
    torch.testing.assert_close(output.exp().sum(2), torch.ones(2, 3))
    assert output.shape[2] == start


def test_a_window_reaches_three_rows_and_five_columns_each_way() -> None:
    seen = (window_bias(8, 16) == 0).view(-1, 8, 16)
    inner = seen[4 * 16 + 8].nonzero()
    assert inner.amin(0).tolist() == [1, 3]
    assert inner.amax(0).tolist() == [7, 13]
    assert int(seen[4 * 16 + 8].sum()) == WINDOW[0] * WINDOW[1]
    assert int(seen[0].sum()) == 4 * 6


def test_stochastic_depth_leaves_blocks_out_in_training_alone() -> None:
    torch.manual_seed(0)
    model = build_model(narrow("siga-s"))
    assert isinstance(model, PublishedSiga)
    block = model.backbone.stages[2].blocks[0]  # type: ignore[union-attr, index]
    block._dropped = 0.5
    tokens = torch.randn(64, 4, 32)
    kept = (block.train()(tokens) != tokens).flatten(1).any(1)
    assert 0 < int((~kept).sum()) < 40
    assert bool((block.eval()(tokens) != tokens).flatten(1).any(1).all())


@pytest.mark.parametrize(
    ("kind", "changes", "named"),
    [
        ("siga-s", {"blocks": (1, 1)}, "3 blocks"),
        ("siga-s", {"channels": (8, 30, 32, 32, 16)}, "multiples of 32"),
        ("siga-s", {"feedback": False}, "feeds its predictions back"),
        ("siga-t", {"blocks": (7,)}, "at least 8"),
        ("siga-r", {"blocks": (-1, 1, 1, 1, 1)}, r"0\.\.64"),
    ],
)
def test_sizes_that_fit_no_network_are_refused(kind: Architecture, changes: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        narrow(kind, **changes)
