"""SIGA-R, SIGA-S and SIGA-T compute what the published networks compute, from the folder that their checkpoint is converted to."""

import re
from typing import get_args

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.config import Architecture
from siga_ocr.losses import Truth, alignment_loss, glyph_loss, orthogonal_loss, text_segmentation_loss
from siga_ocr.model.pseudo_label import glyph_pseudo_labels
from siga_ocr.model.siga import PublishedSiga
from siga_ocr.recipe_losses import compat
from siga_ocr.store import checkpoint
from siga_ocr.store.official import DROPPED
from siga_ocr.store.official_names import official_name
from tests.parity import arrays, official_keys, seeded_state

KINDS = [kind for kind in get_args(Architecture) if kind != "compact"]
TOTALS = {"siga-r": (46.60, 39.80), "siga-s": (57.44, 50.80), "siga-t": (124.58, 117.88)}
"""Millions of parameters of the specification, section 8: all, and those that reading needs."""

TRAINING_ONLY = (
    "aligned_",
    "plain_decoder",
    "glyph_decoders",
    "trunk.up_fine",
    "trunk.join_fine",
    "trunk.up_full",
    "trunk.refine_fine",
    "trunk.classify",
)
UNUSED_ROWS = 7 * 256
"""Of the embeddings of SIGA-T: one row in each of its decoders."""


def relative_error(ours: torch.Tensor, reference: np.ndarray) -> float:
    return float(np.linalg.norm(ours.numpy() - reference) / np.linalg.norm(reference))


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PublishedSiga:
    """A published network with the seeded weights, as the command line converts them and the program loads them."""
    kind: Architecture = request.param
    folder = tmp_path_factory.mktemp("converted")
    file = folder / "official.pth"
    network = {f"module.{key}": value for key, value in seeded_state(kind.replace("-", "_")).items()}
    if kind != "siga-t":
        network["module.model_one.Transformation.GridGenerator.P_hat"] = torch.zeros(1, 3)
    torch.save({"net": network, "optimizer": {"state": {}, "param_groups": []}, "iteration": 160000}, file)
    result = CliRunner().invoke(app, ["models", "convert", str(file), "--arch", kind, "-o", str(folder / kind)])
    file.unlink()
    assert result.exit_code == 0, result.output
    assert "academic research" in (folder / kind / "README.md").read_text()
    loaded = checkpoint.load(folder / kind)
    (folder / kind / "model.safetensors").unlink()
    assert isinstance(loaded, PublishedSiga)
    return loaded


def test_every_official_key_has_exactly_one_place(model: PublishedSiga) -> None:
    kind, state = model.config.architecture, model.state_dict()
    keys = official_keys(kind.replace("-", "_"))
    theirs = [official_name(name, kind) for name in state]
    assert len(theirs) == len(set(theirs))
    assert set(theirs) <= keys.keys()
    left = keys.keys() - set(theirs)
    assert left == {key for key in keys if any(re.fullmatch(pattern, key) for pattern in DROPPED[kind])}
    assert left


def test_parameter_totals_are_those_of_the_specification(model: PublishedSiga) -> None:
    kind = model.config.architecture
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    taken = {official_name(name, kind) for name in model.state_dict()}
    left = {key: shape for key, shape in official_keys(kind.replace("-", "_")).items() if key not in taken}
    unused = sum(int(np.prod(shape)) for key, shape in left.items() if not key.endswith("crossentropy.weight"))
    rows = UNUSED_ROWS if kind == "siga-t" else 0
    everything, reading = TOTALS[kind]
    assert round((sum(sizes.values()) + unused + rows) / 1e6, 2) == everything
    read = sum(size for name, size in sizes.items() if not name.startswith(TRAINING_ONLY))
    assert read / 1e6 == pytest.approx(reading, abs=0.05)


@torch.inference_mode()
def test_every_array_agrees(model: PublishedSiga) -> None:
    fixture = arrays(f"{model.config.architecture.replace('-', '_')}_parity")
    images = torch.from_numpy(fixture["image"])
    mask = torch.ones(len(images), images.shape[3])
    straight, _ = model.rectifier(images)
    taps = model.backbone(straight, mask)
    encoded = model.encoder(taps.columns, taps.column_mask)
    trunk = model.trunk.shared(taps, encoded, mask)
    low, middle = model.glyph(trunk, (taps.low, taps.middle), mask, model.config.max_steps)
    logits = model._greedy(encoded, taps.column_mask, (low.features, middle.features), 26)
    found = {
        "glyph_map_low": low.maps,
        "glyph_map_middle": middle.maps,
        "glyph_feature_low": low.features,
        "glyph_feature_middle": middle.features,
        "text_mask_logits": model.trunk.text_mask(taps, trunk[0], mask),
        "logits": logits.roll(1, 2) if model.config.start_is_class else logits,  # theirs begin with the start mark
    }
    assert found.keys() == fixture.keys() - {"image"}
    assert {name: relative_error(array, fixture[name]) for name, array in found.items() if relative_error(array, fixture[name]) >= 1e-4} == {}
    reading = model(images, mask, 26).log_probabilities
    torch.testing.assert_close(reading, logits[..., :37].log_softmax(2))


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
