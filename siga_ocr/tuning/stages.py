"""What a fine-tuning is asked for, and what it tells on its way."""

from dataclasses import dataclass, field
from pathlib import Path

from siga_ocr.store import weights
from siga_ocr.training.events import Event
from siga_ocr.tuning.crops import Crops, Prepared
from siga_ocr.tuning.plan import Plan, Wishes
from siga_ocr.tuning.recombined import Recombined
from siga_ocr.tuning.verdict import BeforeAfter, Marks, Verdict


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asks for; `asked` are the settings as they were given, by name, for a run that is taken up."""

    crops: Crops
    folder: Path
    model: str = weights.DEFAULT
    wishes: Wishes = field(default_factory=Wishes)
    charset_add: str = ""
    max_length: int | None = None
    asked: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """The plan, before anything is trained; `added` are the characters that are new to the model."""

    plan: Plan
    added: str
    max_length: int


@dataclass(frozen=True)
class Measured:
    """How the model does before training, on the validation crops and on the base set."""

    on_validation: Marks
    on_rest: Marks


@dataclass(frozen=True)
class Decided:
    """The end: the verdict, both sets before and after, and the folder of the model (None where there is none)."""

    verdict: Verdict
    validation: BeforeAfter
    rest: BeforeAfter
    folder: Path | None
    report: Path


@dataclass(frozen=True)
class Finished:
    """A run that was to go on has come to its end before: the folder of its model (None where there is none), and its report."""

    folder: Path | None
    report: Path


Stage = Prepared | Recombined | Planned | Measured | Event | Decided | Finished
