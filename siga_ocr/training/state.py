"""Everything that changes while a model is trained, and how it is written and taken up again: safetensors and JSON, whole or not at all."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from siga_ocr.errors import DiskError, ModelError, UsageError
from siga_ocr.model import SigaModel
from siga_ocr.parsing import build, from_json
from siga_ocr.recipe import OptimiserConfig, TrainConfig, from_table
from siga_ocr.training.average import WeightAverage
from siga_ocr.training.learner import Learner
from siga_ocr.training.muon import Muon, is_inner

FORMAT = 1
LAST = "last"
_TENSORS = "state.safetensors"
_FACTS = "state.json"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is: `step` steps, the stream's cursor, `crops` shown, `skipped` steps whose loss was not finite.

    A batch is computed in so many `pieces`, one after the other, as memory allows.
    `first_index` is where each rendered seed began: crops before it were used by the run that the weights came from.
    """

    step: int = 0
    round: int = 0
    position: int = 0
    crops: int = 0
    skipped: int = 0
    pieces: int = 1
    first_index: tuple[tuple[int, int], ...] = ()


class TrainingState:
    """A network in training, its moving average, the auxiliary CTC head, the optimiser and the progress."""

    def __init__(self, model: SigaModel, config: TrainConfig, progress: Progress) -> None:
        self.model = model.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        if config.fixed_statistics:
            _fix_statistics(self.model)
        self.average = WeightAverage(model, config.optimiser.average_decay)
        self.ctc_head = nn.Linear(model.config.encoder_size, model.config.charset.class_count).to(next(model.parameters()).device)
        self.optimiser = _optimiser(model, self.ctc_head, config.optimiser)
        self.progress = progress
        self.learner = Learner(self.model, self.ctc_head, config)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What the optimiser changes, in a fixed order."""
        return [*self.model.parameters(), *self.ctc_head.parameters()]

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name, on the CPU."""
        named = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        named |= {f"average.{name}": tensor for name, tensor in self.average.model.state_dict().items()}
        named |= {f"ctc_head.{name}": tensor for name, tensor in self.ctc_head.state_dict().items()}
        for number, parameter in enumerate(self.parameters):
            named |= {f"optimiser.{number}.{name}": tensor for name, tensor in self.optimiser.state[parameter].items()}
        return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in named.items()}

    @torch.no_grad()
    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over tensors that `tensors()` gave.

        Raises:
            ModelError: one is missing or has another shape.
        """
        try:
            self.model.load_state_dict(_under("model", tensors))
            self.average.model.load_state_dict(_under("average", tensors))
            self.ctc_head.load_state_dict(_under("ctc_head", tensors))
            for number, parameter in enumerate(self.parameters):
                self.optimiser.state[parameter] = {
                    name: torch.empty_like(parameter).copy_(tensor) if tensor.ndim else tensor.to(parameter.device)
                    for name, tensor in _under(f"optimiser.{number}", tensors).items()
                }
        except RuntimeError as error:
            raise ModelError("The training state does not fit the recipe's network: start anew without --resume.") from error


def _optimiser(model: SigaModel, ctc_head: nn.Linear, config: OptimiserConfig) -> torch.optim.Optimizer:
    parameters = [*model.parameters(), *ctc_head.parameters()]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": config.weight_decay if config.decay_all else 0.0},
    ]
    if config.kind == "muon":
        inner = [p for name, p in model.named_parameters() if is_inner(name, p)]
        known = {id(p) for p in inner}
        groups[0]["params"] = [p for p in groups[0]["params"] if id(p) not in known]
        groups.append({"params": inner, "weight_decay": config.weight_decay, "inner": True})
        return Muon(groups, betas=config.betas, epsilon=config.epsilon)
    if config.kind == "adadelta":
        return torch.optim.Adadelta(groups, lr=config.rate, rho=config.rho, eps=config.epsilon)
    return torch.optim.AdamW(groups, lr=config.rate, betas=config.betas, eps=config.epsilon, fused=True)


def _fix_statistics(model: nn.Module) -> None:
    """Let batch normalisation use its running means and variances, and leave them as they are."""
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}."): tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}.")}


def save_state(run: Path, state: TrainingState, config: TrainConfig) -> None:
    """Write the state to `run/last`, which at every moment is whole; or else `run/last.old` is.

    Raises:
        DiskError: it cannot be written.
    """
    folder, new, old = run / LAST, run / f"{LAST}.new", run / f"{LAST}.old"
    facts = {"format": FORMAT, "torch": torch.__version__, "progress": asdict(state.progress), "recipe": asdict(config)}
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        save_file(state.tensors(), new / _TENSORS)
        (new / _FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        for path in (new / _TENSORS, new / _FACTS):
            _sync(path)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(new, ignore_errors=True)
        raise DiskError(f"The training state cannot be written to {run}: {error}. Free some space or name another folder.") from error


def load_state(run: Path, state: TrainingState, config: TrainConfig) -> None:
    """Take up the run in the folder `run` where its last state was written.

    Raises:
        ModelError: there is no state, or a damaged one.
        UsageError: the run was begun with another recipe.
    """
    folder, facts = _last(run)
    try:
        tensors = load_file(folder / _TENSORS)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"The training state in {folder} is damaged ({error}): start anew without --resume.") from error
    _check_recipe(facts.get("recipe"), config, run)
    state.fill(tensors)
    state.progress = _progress(facts, folder)


def stored_step(run: Path) -> int | None:
    """After how many steps the last state of a run was written; `None` where there is none.

    Raises:
        ModelError: it is damaged.
    """
    if not any((run / name).exists() for name in (LAST, f"{LAST}.old")):
        return None
    folder, facts = _last(run)
    return _progress(facts, folder).step


def _progress(facts: Mapping[str, Any], folder: Path) -> Progress:
    try:
        return build(Progress, facts.get("progress"), "progress")
    except UsageError as error:
        raise ModelError(f"The training state in {folder} is damaged ({error}): start anew without --resume.") from error


def _last(run: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of the last whole state, and what it says of itself."""
    folder = run / LAST if (run / LAST).exists() else run / f"{LAST}.old"
    try:
        facts = from_json((folder / _FACTS).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{run} holds no training state to resume: start without --resume.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"The training state in {folder} is damaged ({error}): start anew without --resume.") from error
    if not isinstance(facts, dict):
        raise ModelError(f"The training state in {folder} is damaged (no object): start anew without --resume.")
    return folder, facts


def _check_recipe(begun: Mapping[str, Any] | None, config: TrainConfig, run: Path) -> None:
    """Compare as recipes: a state of an earlier version lacks what has a default now."""
    stored = asdict(from_table(begun or {}, run / LAST / _FACTS))
    changed = sorted(key for key, value in asdict(config).items() if stored[key] != value)
    if changed:
        raise UsageError(
            f"The run in {run} was begun with another recipe ({', '.join(changed)} differ): resume with its own recipe, or start a new run."
        )


def _sync(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
