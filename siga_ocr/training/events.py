"""What a training tells whoever iterates over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LabelsRead:
    """A labelled source was opened."""

    path: str
    used: int
    dropped: int
    blanks_removed: int


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on, at `step` of `steps`."""

    step: int
    steps: int
    parameters: int
    device: str


@dataclass(frozen=True, kw_only=True)
class StepDone:
    """`step` steps are done (`applied` is false where the last one was skipped); `crops` in its batch, `round` of the stream, `seconds` it took."""

    step: int
    loss: float
    parts: Mapping[str, float]
    gradient: float
    applied: bool
    rate: float
    crops: int
    round: int
    seconds: float


@dataclass(frozen=True)
class BatchDivided:
    """Memory did not suffice: from the step after `step` on, a batch is computed in so many `pieces`, one after the other."""

    step: int
    pieces: int


@dataclass(frozen=True, kw_only=True)
class Checked:
    """After `step` steps the averaged weights read the share `accuracy` of the validation crops, with a mean `loss` a character.

    `is_best` says that they read more than the start did and are the ones to keep so far, `ends` that training should end here.
    """

    step: int
    accuracy: float
    loss: float
    is_best: bool
    ends: bool


@dataclass(frozen=True)
class Checkpointed:
    """The state after `step` steps and the averaged model are on the disk; `finished` at the end of the schedule."""

    step: int
    model: Path
    finished: bool


Event = LabelsRead | Started | StepDone | BatchDivided | Checked | Checkpointed
