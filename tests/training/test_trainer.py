"""Training: four crops are learned with every loss on, and a run that is taken up ends in the same bits as one that never stopped."""

import errno
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
import torch

from siga_ocr.config import ModelConfig, TrunkConfig
from siga_ocr.errors import DeviceError, DiskError, ModelError, TrainingError, UsageError
from siga_ocr.model import SigaModel, TrainOutput, build_model
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.recipe import CtcConfig, LabelledSource, OptimiserConfig, RenderedSource, TrainConfig
from siga_ocr.render_style import RenderStyle
from siga_ocr.store import checkpoint
from siga_ocr.training.trainer import MODEL, BatchDivided, Checked, Checkpointed, Event, LabelsRead, Run, Started, StepDone, train

TEXTS = ("A1B2", "77", "K0X", "9C")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled folder of four crops."""
    folder = tmp_path_factory.mktemp("drawn")
    for text in TEXTS:
        crop = np.full((32, 24 * len(text) + 8, 3), 210, dtype=np.uint8)
        cv2.putText(crop, text, (6, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{text}.png"), crop)
    (folder / "labels.csv").write_text("file,text\n" + "".join(f"{text}.png,{text}\n" for text in TEXTS) + "none.png,A\n")
    return folder


def labelled(folder: Path) -> LabelledSource:
    return LabelledSource(kind="labelled", path=str(folder), photometric=0.0, geometric=0.0)


def brief(model: ModelConfig, folder: Path) -> TrainConfig:
    """Six steps on rendered and labelled crops, over two rounds, with dropout, through every phase of the warm-up."""
    rendered = RenderedSource(seed=1001, style=RenderStyle(families=(("print", 1.0),), max_length=8))
    optimiser = OptimiserConfig(warm_up=2, average_decay=0.5)
    sources = (rendered, labelled(folder))
    ctc = CtcConfig(even=0.2, alone=0.4, hold=0.6, until=0.8)
    return TrainConfig(model=replace(model, dropout=0.2), sources=sources, optimiser=optimiser, ctc=ctc, steps=6, batch=4, shard=10, reuse=2)


def run(config: TrainConfig, plan: Run) -> list[Event]:
    torch.manual_seed(0)
    return list(train(build_model(config.model), config, plan))


def files(folder: Path) -> dict[str, bytes]:
    names = ("last/state.safetensors", "last/state.json", "model/model.safetensors", "model/config.json")
    return {name: (folder / name).read_bytes() for name in names}


def test_four_crops_are_learned_with_every_loss_on(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    model = replace(
        tiny_config,
        characters="0123456789ABCKX",
        max_length=6,
        channels=(8, 16, 24, 32, 48),
        encoder_hidden=32,
        encoder_size=48,
        attention_size=48,
        glyph_channels=24,
        glyph_hidden=32,
        fusion_size=48,
        dropout=0.0,
        trunk=TrunkConfig(entry=24, coarse=16, up_middle=16, middle=16, up_fine=8, fine=8, context=True),
    )
    optimiser = OptimiserConfig(rate=5e-3, warm_up=10, weight_decay=0.0, average_decay=0.9)
    ctc = CtcConfig(hold=0.4, until=0.5)
    config = TrainConfig(model=model, sources=(labelled(drawn),), optimiser=optimiser, ctc=ctc, steps=120, batch=4, shard=4, precision="float32")
    steps = [event for event in run(config, Run(folder=tmp_path)) if isinstance(event, StepDone)]
    assert all(steps[-1].parts[name] < steps[0].parts[name] for name in steps[-1].parts)
    assert "ctc" in steps[0].parts
    assert "ctc" not in steps[-1].parts
    readings = Reader.load(str(tmp_path / MODEL), "cpu", options=ReadOptions(once=True)).read(str(drawn / f"{text}.png") for text in TEXTS)
    assert [reading.text for reading in readings] == list(TEXTS)


@pytest.mark.parametrize(("workers", "kind"), [(0, "adamw"), (2, "adamw"), (0, "muon")])
def test_a_run_taken_up_ends_in_the_same_bits(
    drawn: Path, tmp_path: Path, tiny_config: ModelConfig, workers: int, kind: Literal["adamw", "muon"]
) -> None:
    config = brief(tiny_config, drawn)
    config = replace(config, optimiser=replace(config.optimiser, kind=kind))
    straight = run(config, Run(folder=tmp_path / "straight"))
    run(config, Run(folder=tmp_path / "halted", workers=workers, stop_at=3))
    resumed = run(config, Run(folder=tmp_path / "halted", workers=workers, resume=True))
    assert files(tmp_path / "straight") == files(tmp_path / "halted")
    losses = [event.loss for event in straight if isinstance(event, StepDone)]
    assert losses[3:] == [event.loss for event in resumed if isinstance(event, StepDone)]


def test_a_run_of_two_processes_is_taken_up_in_the_same_bits(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = brief(tiny_config, drawn)
    run(config, Run(folder=tmp_path / "straight", processes=2))
    run(config, Run(folder=tmp_path / "halted", processes=2, stop_at=3))
    run(config, Run(folder=tmp_path / "halted", processes=2, resume=True))
    assert files(tmp_path / "straight") == files(tmp_path / "halted")


def test_events_tell_the_run_in_order(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    opened, started, *steps, end = run(brief(tiny_config, drawn), Run(folder=tmp_path))
    assert opened == LabelsRead(str(drawn), 4, 1, 0)
    assert isinstance(started, Started)
    assert [event.step for event in steps if isinstance(event, StepDone)] == [1, 2, 3, 4, 5, 6]
    assert end == Checkpointed(6, tmp_path / MODEL, finished=True)


def test_the_warm_up_has_its_phases(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    events = run(brief(tiny_config, drawn), Run(folder=tmp_path))
    parts = [set(event.parts) for event in events if isinstance(event, StepDone)]
    everything = parts[5]
    assert "final" in everything
    assert "ctc" not in everything
    assert parts[:5] == [{"even"}, {"even"}, {"ctc"}, everything | {"ctc"}, everything | {"ctc"}]


def test_the_model_folder_says_how_it_was_trained(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = brief(tiny_config, drawn)
    events = run(config, Run(folder=tmp_path))
    note = checkpoint.describe(tmp_path / MODEL).training
    assert note["steps"] == 6
    assert note["crops"] == sum(event.crops for event in events if isinstance(event, StepDone))
    assert note["recipe_sha256"] == config.fingerprint
    rounds = {event.round for event in events if isinstance(event, StepDone)}
    assert note["rendered"] == {"1001": 10 * (max(rounds) + 1)}


def test_frequent_checkpoints_change_nothing(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = brief(tiny_config, drawn)
    often = replace(config, checkpoint_minutes=0.0)
    run(config, Run(folder=tmp_path / "once"))
    events = run(often, Run(folder=tmp_path / "often"))
    assert [event.step for event in events if isinstance(event, Checkpointed)] == [1, 2, 3, 4, 5, 6]
    name = "last/state.safetensors"
    assert files(tmp_path / "once")[name] == files(tmp_path / "often")[name]


def test_a_run_goes_on_only_with_its_own_recipe(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = brief(tiny_config, drawn)
    run(config, Run(folder=tmp_path, stop_at=1))
    with pytest.raises(UsageError, match="batch"):
        run(replace(config, batch=5), Run(folder=tmp_path, resume=True))
    with pytest.raises(ModelError, match="no training state"):
        run(config, Run(folder=tmp_path / "other", resume=True))


def test_the_model_must_be_the_recipes(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = brief(tiny_config, drawn)
    with pytest.raises(UsageError, match="recipe"):
        next(train(build_model(replace(config.model, max_length=3)), config, Run(folder=tmp_path)))


def test_training_gives_up_when_the_loss_stays_no_number(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = replace(brief(tiny_config, drawn), sources=(labelled(drawn),), steps=50)
    model = build_model(config.model)
    with torch.no_grad():
        next(tensor for name, tensor in model.named_parameters() if name == "encoder.units.0.linear.bias").fill_(float("nan"))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    seen: list[Event] = []
    with pytest.raises(TrainingError, match="not finite"):
        seen.extend(train(model, config, Run(folder=tmp_path)))
    assert not any(event.applied for event in seen if isinstance(event, StepDone))
    after = model.state_dict()
    assert all(torch.equal(after[name].nan_to_num(), tensor.nan_to_num()) for name, tensor in before.items())
    assert not (tmp_path / MODEL).exists()


def test_ctrl_c_saves_the_run_and_it_is_taken_up_in_the_same_bits(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = brief(tiny_config, drawn)
    run(config, Run(folder=tmp_path / "straight"))
    torch.manual_seed(0)
    seen: list[Event] = []

    def pressed_after_two_steps() -> None:
        for event in train(build_model(config.model), config, Run(folder=tmp_path / "halted")):
            seen.append(event)
            if isinstance(event, StepDone) and event.step == 2:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        pressed_after_two_steps()
    assert seen[-1] == Checkpointed(2, tmp_path / "halted" / MODEL, finished=False)
    assert "--resume" in caught.value.__notes__[0]
    run(config, Run(folder=tmp_path / "halted", resume=True))
    assert files(tmp_path / "straight") == files(tmp_path / "halted")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("could not create a primitive"),
        RuntimeError("other"),
    ],
)
def test_too_little_memory_divides_the_batch(
    drawn: Path, tmp_path: Path, tiny_config: ModelConfig, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    config = replace(brief(tiny_config, drawn), sources=(labelled(drawn),))
    model = build_model(config.model)
    compute = model.outputs

    def outputs(images: torch.Tensor, mask: torch.Tensor, targets: torch.Tensor) -> TrainOutput:
        if len(images) > 1:
            raise error
        return compute(images, mask, targets)

    monkeypatch.setattr(model, "outputs", outputs)
    if str(error) == "other":
        with pytest.raises(RuntimeError, match="other"):
            list(train(model, config, Run(folder=tmp_path)))
        return
    events = list(train(model, config, Run(folder=tmp_path)))
    assert [event.pieces for event in events if isinstance(event, BatchDivided)]
    assert all(event.applied for event in events if isinstance(event, StepDone))
    assert isinstance(events[-1], Checkpointed)
    assert events[-1].step == 6


def test_memory_for_no_crop_at_all_is_an_error(drawn: Path, tmp_path: Path, tiny_config: ModelConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(brief(tiny_config, drawn), sources=(labelled(drawn),))
    model = build_model(config.model)

    def outputs(*_: torch.Tensor) -> TrainOutput:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model, "outputs", outputs)
    with pytest.raises(DeviceError, match="single crop"):
        list(train(model, config, Run(folder=tmp_path)))


def test_a_full_disk_leaves_the_last_checkpoint_whole(drawn: Path, tmp_path: Path, tiny_config: ModelConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    config = brief(tiny_config, drawn)
    run(config, Run(folder=tmp_path / "straight"))
    run(config, Run(folder=tmp_path / "full", stop_at=2))

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("siga_ocr.training.state.save_file", no_room)
        with pytest.raises(DiskError, match="No space left"):
            run(config, Run(folder=tmp_path / "full", resume=True, stop_at=4))
    assert not (tmp_path / "full" / "last.new").exists()
    run(config, Run(folder=tmp_path / "full", resume=True))
    assert files(tmp_path / "straight") == files(tmp_path / "full")


class Twice:
    """Ends the training when it has looked twice."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    @property
    def has_ended(self) -> bool:
        return len(self.seen) == 2

    def is_due(self, step: int) -> bool:
        return step % 2 == 0

    def look(self, model: SigaModel, step: int) -> Checked:
        assert not model.training
        self.seen.append(step)
        return Checked(step=step, accuracy=0.5, loss=1.0, is_best=step == 2, ends=self.has_ended)


def test_whoever_watches_may_end_the_training(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    watch = Twice()
    *_, looked, saved = run(brief(tiny_config, drawn), Run(folder=tmp_path, watch=watch))
    assert watch.seen == [2, 4]
    assert isinstance(looked, Checked)
    assert looked.ends
    assert saved == Checkpointed(4, tmp_path / MODEL, finished=False)


def test_fixed_statistics_stay_as_they_came(drawn: Path, tmp_path: Path, tiny_config: ModelConfig) -> None:
    config = replace(brief(tiny_config, drawn), fixed_statistics=True)
    torch.manual_seed(0)
    model = build_model(config.model)
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    list(train(model, config, Run(folder=tmp_path)))
    assert before
    assert all(torch.equal(before[name], buffer) for name, buffer in model.named_buffers())
