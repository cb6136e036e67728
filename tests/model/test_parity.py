"""SIGA-R computes what the published network computes."""

import functools

import numpy as np
import pytest
import torch

from siga_ocr.config import ModelConfig
from siga_ocr.errors import ModelError
from siga_ocr.losses import Truth, alignment_loss, glyph_loss, orthogonal_loss, text_segmentation_loss
from siga_ocr.model import build_model
from siga_ocr.model.pseudo_label import glyph_pseudo_labels
from siga_ocr.model.siga import PublishedSiga
from siga_ocr.recipe_losses import compat
from siga_ocr.store.official import siga_r_key, siga_r_state
from tests.parity import arrays, official_keys, seeded_state


def relative_error(ours: torch.Tensor, reference: np.ndarray) -> float:
    return float(np.linalg.norm(ours.numpy() - reference) / np.linalg.norm(reference))


@functools.cache
def published() -> PublishedSiga:
    model = build_model(ModelConfig())
    assert isinstance(model, PublishedSiga)
    model.load_state_dict(siga_r_state(seeded_state("siga_r")))
    return model.eval()


def test_every_official_key_has_exactly_one_place() -> None:
    keys = official_keys("siga_r")
    dropped = {"model_two.downsampler.weight", "model_two.downsampler.bias"}
    ours = [siga_r_key(key) for key in keys if key not in dropped]
    assert len(ours) == len(set(ours))
    state = build_model(ModelConfig()).state_dict()
    assert set(ours) == set(state)
    assert all(list(state[siga_r_key(key)].shape) == shape for key, shape in keys.items() if key not in dropped)


def test_module_prefix_and_grid_buffers_are_taken_off() -> None:
    state = siga_r_state({"module.model_two.pw.bias": torch.zeros(512), "module.model_one.Transformation.GridGenerator.P_hat": torch.zeros(1)})
    assert list(state) == ["head.widen.bias"]


def test_foreign_key_is_named() -> None:
    with pytest.raises(ModelError, match="mgp_str"):
        siga_r_key("mgp_str.cls_token")


def test_parameter_totals_are_those_of_the_specification() -> None:
    model = build_model(ModelConfig())
    unused = 512 * 256 + 256
    assert round((sum(p.numel() for p in model.parameters()) + unused) / 1e6, 2) == 46.60
    training_only = ("aligned_", "plain_decoder", "glyph_decoders", "trunk.up_fine", "trunk.join_fine", "trunk.classify")
    inference = sum(p.numel() for name, p in model.named_parameters() if not name.startswith(training_only))
    assert round(inference / 1e6, 1) == pytest.approx(39.8, abs=0.2)


@torch.inference_mode()
def test_every_array_agrees() -> None:
    fixture, model = arrays("siga_r_parity"), published()
    images = torch.from_numpy(fixture["image"])
    mask = torch.ones(len(images), images.shape[3])
    straight, _ = model.rectifier(images)
    taps = model.backbone(straight, mask)
    encoded = model.encoder(taps.columns, taps.column_mask)
    trunk = model.trunk.shared(taps, encoded, mask)
    low, middle = model.glyph(trunk, (taps.low, taps.middle), mask, model.config.max_steps)
    found = {
        "glyph_map_low": low.maps,
        "glyph_map_middle": middle.maps,
        "glyph_feature_low": low.features,
        "glyph_feature_middle": middle.features,
        "text_mask_logits": model.trunk.text_mask(taps, trunk[0], mask),
    }
    assert {name: relative_error(array, fixture[name]) for name, array in found.items() if relative_error(array, fixture[name]) >= 1e-4} == {}
    reading = model(images, mask, 26).log_probabilities
    assert relative_error(reading, torch.from_numpy(fixture["logits"]).log_softmax(2).numpy()) < 1e-4


@torch.inference_mode()
def test_logits_agree_before_the_softmax() -> None:
    fixture, model = arrays("siga_r_parity"), published()
    images = torch.from_numpy(fixture["image"])
    mask = torch.ones(len(images), images.shape[3])
    taps = model.backbone(model.rectifier(images)[0], mask)
    encoded = model.encoder(taps.columns, taps.column_mask)
    low, middle = model._glyphs(taps, encoded, mask, 26)
    assert relative_error(model._greedy(encoded, taps.column_mask, (low.features, middle.features), 26), fixture["logits"]) < 1e-4


def loss_inputs() -> tuple[dict[str, torch.Tensor], Truth]:
    stored = {key: torch.from_numpy(np.asarray(value)) for key, value in arrays("siga_r_losses").items()}
    count, _, _, width = stored["pseudo_mask"].shape
    one = torch.ones(count)
    targets = torch.zeros(count, 26, dtype=torch.long)
    return stored, Truth(targets, stored["lengths"], stored["pseudo_mask"].float(), one, torch.ones(count, width))


def hard_mask(stored: dict[str, torch.Tensor]) -> torch.Tensor:
    return (stored["text_mask_logits"].softmax(1)[:, 1:] > 0.5).float()


@pytest.mark.parametrize("late", [False, True])
def test_compat_text_segmentation_agrees(late: bool) -> None:
    stored, truth = loss_inputs()
    ours = text_segmentation_loss(stored["text_mask_logits"], truth.pseudo_mask, truth.pseudo_weight, truth.mask, compat(), late=late)
    assert float(ours) == pytest.approx(float(stored["text_segmentation_30000" if late else "text_segmentation_100"]), rel=1e-4)


def test_compat_alignment_agrees() -> None:
    stored, truth = loss_inputs()
    attention = stored["attention"].transpose(1, 2)
    ours = alignment_loss(attention, torch.ones(len(attention), 32), hard_mask(stored), truth, compat())
    assert float(ours) == pytest.approx(float(stored["alignment_100"]), rel=1e-4)
    rows = (torch.arange(26)[None] < truth.lengths[:, None]).float()
    beta = torch.nn.functional.interpolate(attention, size=128, mode="linear") * rows[..., None]
    assert float(orthogonal_loss(beta, truth.lengths, compat())) == pytest.approx(float(stored["orthogonal"]), rel=1e-4)


@pytest.mark.parametrize("scale", ["low", "middle"])
def test_compat_glyph_loss_and_pseudo_labels_agree(scale: str) -> None:
    stored, truth = loss_inputs()
    maps = stored[f"glyph_map_{scale}"]
    delta = torch.full((len(maps),), 0.05)
    size = (maps.shape[2], maps.shape[3])
    labels = glyph_pseudo_labels(stored["attention"].transpose(1, 2), truth.lengths, hard_mask(stored), size, delta, 0.4)
    if scale == "low":
        assert torch.equal(labels.to(torch.uint8), stored["glyph_pseudo_label_low"])
    ours = glyph_loss(maps, labels, truth.lengths, torch.ones(len(maps), size[1]), compat())
    assert float(ours) == pytest.approx(float(stored[f"glyph_{scale}_100"]), rel=1e-4)
