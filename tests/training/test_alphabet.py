"""Glyph channels do not grow with the alphabet: 6,763 characters cost classifiers alone, and a network with them trains, saves, exports, reads."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from siga_ocr.charset import PRINTABLE
from siga_ocr.config import compact
from siga_ocr.crops import Crop
from siga_ocr.engines.export import export_onnx
from siga_ocr.model import build_model
from siga_ocr.reader import Reader
from siga_ocr.recipe import LabelledSource, OptimiserConfig, TrainConfig
from siga_ocr.store import checkpoint
from siga_ocr.training.trainer import MODEL, Run, StepDone, train
from tests.chinese import crop, gb2312, write_set
from tests.tiny import tiny


def parameters(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def test_the_set_is_that_of_the_standard() -> None:
    assert len(gb2312()) == len(set(gb2312())) == 6763
    assert gb2312()[:3] == "啊阿埃"


def test_only_classifiers_grow_with_the_alphabet() -> None:
    few, many = (build_model(replace(compact(), characters=characters)) for characters in (PRINTABLE, gb2312()))
    for name in ("backbone", "encoder", "trunk", "glyph", "gates"):
        assert parameters(getattr(few, name)) == parameters(getattr(many, name)), name
    grown = parameters(many) - parameters(few)
    classifiers = [module.classify for module in many.modules() if hasattr(module, "classify") and isinstance(module.classify, nn.Linear)]
    assert grown == sum((layer.in_features + 1) * (len(gb2312()) - len(PRINTABLE)) for layer in classifiers)


def test_a_network_of_6763_characters_trains_saves_exports_and_reads(tmp_path: Path) -> None:
    texts = write_set(tmp_path / "crops", 4, 5)
    source = LabelledSource(kind="labelled", path=str(tmp_path / "crops"), photometric=0.0, geometric=0.0)
    model = tiny(characters=gb2312())
    config = TrainConfig(model=model, sources=(source,), steps=2, batch=4, precision="float32", optimiser=OptimiserConfig(warm_up=1))
    torch.manual_seed(0)
    network = build_model(model)
    before = network.head.decoder.classify.weight.detach().clone()
    events = list(train(network, config, Run(folder=tmp_path / "run")))
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [step.applied for step in steps] == [True, True]
    assert {"maps_low", "maps_middle", "alignment", "segmentation"} <= steps[0].parts.keys()
    assert not torch.equal(before, network.head.decoder.classify.weight)
    folder = tmp_path / "run" / MODEL
    assert checkpoint.describe(folder).model.characters == gb2312()
    exported = export_onnx(folder, None, [Crop(crop(text, 9), text) for text in texts])
    assert exported.parity.holds
    readings = list(Reader.load(str(folder), "cpu").read([crop(text, 9) for text in texts]))
    assert all(set(reading.text) <= set(gb2312()) for reading in readings)
