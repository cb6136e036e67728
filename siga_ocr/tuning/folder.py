"""What a fine-tuning keeps in its run folder beside weights: what was asked, the plan, and how the model did before."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from siga_ocr.errors import ModelError, UsageError
from siga_ocr.parsing import build, from_json
from siga_ocr.recipe import TrainConfig, parse
from siga_ocr.recipe_text import to_toml
from siga_ocr.store.hub import PREFIX
from siga_ocr.store.shelf import PLAIN_NAME
from siga_ocr.tuning.crops import Prepared
from siga_ocr.tuning.plan import Plan
from siga_ocr.tuning.verdict import Marks
from siga_ocr.whole_file import write_whole

FACTS, CONFIG = "finetune.json", "config.toml"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that a run which is taken up does not work out again; `model` is a folder, `name` what the user calls it.

    `asked` are the user's settings by name, as they were given.
    """

    model: str
    name: str
    plan: Plan
    prepared: Prepared
    on_validation: Marks
    on_rest: Marks
    asked: dict[str, str]

    @property
    def start_name(self) -> str:
        """The name for whoever gets the new model: of a folder the last part alone, not where it lay."""
        is_name = self.name.startswith(PREFIX) or PLAIN_NAME.fullmatch(self.name)
        return self.name if is_name else Path(self.name).resolve().name


def write_facts(folder: Path, facts: Facts, config: TrainConfig) -> None:
    """Leave recipe and facts in the run folder, the facts last: where they are, everything is.

    Raises:
        DiskError: they cannot be written.
    """
    content = json.dumps({"format": FORMAT, **asdict(facts)}, indent=1)
    write_whole({folder / CONFIG: to_toml(config).encode(), folder / FACTS: content.encode()})


def read_facts(folder: Path) -> tuple[Facts, TrainConfig]:
    """What a run was begun with.

    Raises:
        UsageError: no run was begun in this folder.
        ModelError: its files are damaged.
    """
    try:
        stored = from_json((folder / FACTS).read_text(encoding="utf-8"))
        config = parse((folder / CONFIG).read_text(encoding="utf-8"), folder / CONFIG)
    except FileNotFoundError as error:
        raise UsageError(f"{folder} holds no fine-tuning that could go on: start it without --resume.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / FACTS} is damaged ({error}): start a new run.") from error
    try:
        return _facts(stored), config
    except UsageError as error:
        raise ModelError(f"{folder / FACTS} was written by another version ({error}): start a new run.") from error


def is_begun(folder: Path) -> bool:
    """Whether a run in this folder can go on."""
    return (folder / FACTS).exists()


def _facts(stored: object) -> Facts:
    """The facts as they were written, kind by kind.

    Raises:
        UsageError: they are no such facts.
    """
    if not isinstance(stored, dict) or stored.pop("format", None) != FORMAT:
        raise UsageError(f"its format is not {FORMAT}")
    return build(Facts, stored, "finetune")
