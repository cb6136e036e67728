"""What a fine-tuning keeps in its run folder beside weights: what was asked, the plan, and how the model did before."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from siga_ocr.errors import DiskError, ModelError, UsageError
from siga_ocr.parsing import build, from_json
from siga_ocr.recipe import TrainConfig, parse
from siga_ocr.recipe_text import to_toml
from siga_ocr.run_folder import LOCK
from siga_ocr.store.hub import PREFIX
from siga_ocr.store.shelf import PLAIN_NAME
from siga_ocr.tuning.crops import Prepared
from siga_ocr.tuning.plan import Plan
from siga_ocr.tuning.verdict import Marks
from siga_ocr.whole_file import write_whole

FACTS, CONFIG = "finetune.json", "config.toml"
FORMAT = 1

STARTING = "starting.txt"
"""Lies in the folder of a run that has begun and cannot be taken up yet: the same command starts anew there."""


UNTOUCHED = {LOCK, ".DS_Store", "Thumbs.db", "desktop.ini"}
"""What may lie in a folder that counts as empty: a lock, and what file managers leave."""


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
    (folder / STARTING).unlink(missing_ok=True)


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


def refuse_taken(folder: Path) -> None:
    """Refuse a folder that holds anything but an unfinished start of a fine-tuning: a run would replace and remove what lies there.

    Raises:
        UsageError: a run can go on there, other files are there, or it is a file.
        DiskError: one cannot look into it.
    """
    if (folder / FACTS).exists():
        raise UsageError(f"{folder} holds a run already: go on with --resume, or name another folder with -o.")
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise UsageError(f"{folder} is a file or lies below one: name a folder with -o.") from error
    except OSError as error:
        raise DiskError(f"{folder} cannot be looked into: {error.strerror}. Name another folder with -o.") from error
    others = [name for name in names if name not in UNTOUCHED]
    if others and STARTING not in others:
        raise UsageError(f"{folder} is not empty ({others[0]} lies in it), and a run would mix with that: name another folder with -o, or a new one.")


def mark_start(folder: Path) -> None:
    """Say in a run folder that what else comes to lie there is of an unfinished start, until `write_facts`.

    Raises:
        DiskError: it cannot be written.
    """
    write_whole({folder / STARTING: b"This fine-tuning has not begun to learn: the same command starts it anew.\n"})


def _facts(stored: object) -> Facts:
    """The facts as they were written, kind by kind.

    Raises:
        UsageError: they are no such facts.
    """
    if not isinstance(stored, dict) or stored.pop("format", None) != FORMAT:
        raise UsageError(f"its format is not {FORMAT}")
    return build(Facts, stored, "finetune")
