"""`siga-ocr models`: which models are there, and how they come and go."""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from siga_ocr.cli import console


class Published(StrEnum):
    """The networks that their authors published weights of."""

    SIGA_R = "siga-r"
    SIGA_S = "siga-s"
    SIGA_T = "siga-t"


models = typer.Typer(name="models", no_args_is_help=True, help="List, fetch, check and publish models.")

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="A name, a folder, or hf:owner/repo, with /folder, @revision if need be.", show_default=False),
]
Stored = Annotated[str, typer.Argument(metavar="NAME", help="A name or an address as `models list` shows it.", show_default=False)]


@models.command("list")
def list_models() -> None:
    """Show the models on this machine: those that come with the program, then those that were pulled or imported."""
    from siga_ocr.store import shelf, weights
    from siga_ocr.store.card import facts

    rows = [facts(name, "embedded", "", folder) for name, folder in weights.shipped().items()]
    for entry in shelf.entries():
        where = {"hub": "pulled", "import": "imported"}[entry.origin.kind]
        rows.append(facts(entry.name, where, entry.origin.commit[:12], entry.folder))
    cells = [("NAME", "WHERE", "REVISION", "SIZE", "PARAMETERS")]
    cells += [(row.name, row.where, row.revision or "-", _megabytes(row.size), _millions(row.parameters)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        console.put(console.harmless("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()))


@models.command()
def pull(
    model: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS|NAME",
            help="hf:owner/repo, with /folder, @revision if need be; or a name of the set repository.",
            show_default=False,
        ),
    ],
) -> None:
    """Fetch a model from the hub, or bring the one that is here up to what its branch is now."""
    from siga_ocr.store import weights

    entry = weights.pull(model)
    console.say(f"{entry.name} is commit {entry.origin.commit} of {entry.origin.source}, in {entry.folder}. Read with it: --model {model}")


@models.command("import")
def import_model(
    source: Annotated[Path, typer.Argument(metavar="DIR|ZIP", help="A model folder, or a zip archive of one.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it; default: the name of the folder or archive.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the model of that name.")] = False,
) -> None:
    """Copy a model to this machine's store, so that its name is enough from then on; no network is needed."""
    from siga_ocr.errors import UsageError
    from siga_ocr.store import importing, weights

    chosen = name or (source.resolve().name if source.is_dir() else source.stem)
    if chosen in weights.shipped():
        raise UsageError(f"{chosen} comes with the program: choose another name with --name.")
    if weights.stored(chosen) and not force:
        raise UsageError(f"There is a model {chosen} already: choose another name with --name, or replace it with --force.")
    entry = importing.bring(source, chosen)
    console.say(f"{entry.name} is in {entry.folder}. Read with it: --model {entry.name}")


@models.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="FILE.pth", help="A checkpoint of the authors of SIGA.", show_default=False)],
    arch: Annotated[Published, typer.Option("--arch", help="Which of their networks it is.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The model folder to write.", show_default=False)],
) -> None:
    """Make a model folder of a checkpoint of the authors of SIGA, which is not part of this program; nothing in the file is run."""
    from siga_ocr.store import conversion

    config = conversion.convert(source, arch.value, output)
    size = f"{config.input.height} x {config.input.widths[0]}"
    console.say(f"{conversion.LICENCE}: mind it before you use these weights for anything else.")
    console.say(f"{output}: {arch.value}, crops of {size}, {len(config.characters)} characters. Read with it: --model {output}")


@models.command()
def push(
    model: Name,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="hf:owner/repo, with /folder, @branch if need be.", show_default=False)],
    public: Annotated[bool, typer.Option("--public", help="Make a repository that is new readable by everyone; else it is private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the model and say what would be sent; the network is left alone.")] = False,
) -> None:
    """Publish a model on the hub, with the token of HF_TOKEN or of `hf auth login`."""
    from siga_ocr.store import hub, weights
    from siga_ocr.store.files import check, contents

    target, folder = hub.parse(address), weights.find(model, fetch=False).folder
    if dry_run:
        check(folder, model)
        for file in contents(folder):
            console.put(f"{file.name}\t{file.size}\t{file.sha256}")
        console.say(f"These files of {folder} would be sent to {target}.")
        return
    console.say(f"{model} is published: {hub.push(folder, target, public)}. Read with it: --model {target}")


@models.command()
def info(model: Name) -> None:
    """Show what a model is: its network, where it came from, how it was trained, and the scores that its card reports."""
    from siga_ocr.store import weights
    from siga_ocr.store.card import facts, score_tables
    from siga_ocr.store.folder import describe
    from siga_ocr.writers import printable

    found = weights.find(model, fetch=False)
    description, entry = describe(found.folder), weights.stored(model) if model not in weights.shipped() else None
    row = facts(model, "", "", found.folder)
    console.put(f"name\t{model}\nfolder\t{found.folder}")
    shown: list[tuple[str, object]] = [(key, value) for key, value in asdict(entry.origin).items() if value] if entry else []
    shown += [("revision", description.revision)] if description.revision else []
    shown += [("weights_sha256", description.weights_sha256), ("size", _megabytes(row.size)), ("parameters", _millions(row.parameters))]
    shown += [(f"model.{key}", _compact(value)) for key, value in asdict(description.model).items()]
    shown += [(f"training.{key}", _compact(value)) for key, value in description.training.items()]
    for key, value in shown:
        console.put(console.harmless(f"{printable(key)}\t{printable(str(value))}"))
    for table in score_tables(found.folder):
        console.put(console.harmless(f"\n{table}"))


@models.command()
def verify(names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Default: all models.", show_default=False)] = None) -> None:
    """Read every byte of the models again and say what is damaged."""
    from siga_ocr.errors import ModelError
    from siga_ocr.store import shelf, weights

    wanted = names or [*weights.shipped(), *(entry.name for entry in shelf.entries())]
    damaged = 0
    for name in wanted:
        faults = weights.damage(name)
        damaged += bool(faults)
        console.put(f"{name}\t{'; '.join(faults) or 'sound'}")
    if damaged:
        raise ModelError(f"Models that are damaged: {damaged} of {len(wanted)}. Bring them again with pull or import --force.")


@models.command()
def path(model: Name) -> None:
    """Print the folder of a model that is on this machine."""
    from siga_ocr.store import weights

    console.put(str(weights.find(model, fetch=False).folder))


@models.command()
def remove(
    model: Stored,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take a pulled or imported model off this machine."""
    from siga_ocr.errors import ModelError, UsageError
    from siga_ocr.store import shelf, weights

    if model in weights.shipped():
        raise UsageError(f"{model} comes with the program and stays.")
    entry = weights.stored(model)
    if entry is None:
        raise ModelError(f"There is no pulled or imported model {model}: siga-ocr models list shows those there are.")
    if not yes:
        if not sys.stdin or not sys.stdin.isatty():
            raise UsageError(f"Nobody is there to ask whether {entry.name} may go: say so with --yes.")
        typer.confirm(f"Remove {entry.name} ({entry.folder})?", abort=True, err=True)
    shelf.remove(entry)
    console.say(f"{entry.name} is removed.")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} M" if count >= 10_000 else str(count or "-")


def _compact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
