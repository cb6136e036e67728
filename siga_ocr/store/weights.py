"""Where a model lies: a name, an address on the hub or a folder becomes a folder; what is on this machine is never asked for again."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from siga_ocr.errors import ModelError, UsageError

if TYPE_CHECKING:  # a model that ships, or a folder, needs neither the store nor the hub
    from siga_ocr.store.hub import Address, RemoteModel
    from siga_ocr.store.shelf import Entry

DEFAULT = "code-base"
"""The model that is used where none is named."""

_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Found:
    """A model on this machine; `revision` is the commit that it was pulled at, empty for all others."""

    folder: Path
    revision: str = ""


def shipped() -> dict[str, Path]:
    """The models that come with the program, by name: inside the installed package, or in `models/` of a checkout."""
    embedded = _PACKAGE / "_models"
    root = embedded if embedded.is_dir() else _PACKAGE.parent / "models"
    return {path.parent.name: path.parent for path in sorted(root.glob("*/config.json"))}


def path_of(model: str) -> Path:
    """The folder of a model; see `find`.

    Raises:
        ModelError: it is not here and cannot be had.
    """
    return find(model).folder


def find(model: str, *, fetch: bool = True) -> Found:
    """A shipped model, one of the store, a folder, or one that is pulled now where `fetch` allows it; `./NAME` is a folder in any case.

    Raises:
        ModelError: it is not here and cannot be had; the message says what would bring it.
        UsageError: an address cannot be understood.
    """
    known = shipped()
    if model in known:
        return Found(known[model])
    from siga_ocr.sources import is_folder
    from siga_ocr.store import hub

    if entry := stored(model):
        if not entry.folder.is_dir():
            raise ModelError(f"The files of {model} are gone from {entry.folder}. Bring them again: {entry.origin.command}")
        return Found(entry.folder, entry.origin.commit)
    if model and not model.startswith(hub.PREFIX) and is_folder(model):
        return Found(Path(model))
    if fetch and (model.startswith(hub.PREFIX) or _source(model)):
        entry = pull(model)
        return Found(entry.folder, entry.origin.commit)
    raise ModelError(_missing(model, list(known)))


def stored(model: str) -> "Entry | None":
    """The entry of a name or an address in the store; a commit is found under whatever revision it was pulled.

    Raises:
        UsageError: an address cannot be understood.
        ModelError: the store is damaged.
    """
    from siga_ocr.store import hub, shelf

    if not model.startswith(hub.PREFIX):
        return shelf.get(model) if shelf.PLAIN_NAME.fullmatch(model) else None
    address = hub.parse(model)
    if (entry := shelf.get(str(address))) or not address.is_pinned:
        return entry
    return _at_commit(address.place, address.revision)


def pull(model: str) -> "Entry":
    """Ask the hub what `model` is now, fetch what is not here yet, and let the name point to it; an address, or a plain name of the set repository.

    Raises:
        ModelError: it cannot be had, or is no sound model; what was there stays as it was.
        UsageError: no repository is set for plain names, or an address cannot be understood.
        DiskError: the store cannot be written.
    """
    from siga_ocr.store import home, hub, shelf

    address = hub.parse(model) if model.startswith(hub.PREFIX) else _source(model)
    if model in shipped() or address is None:
        raise UsageError(f"There is nothing to pull {model!r} from: name an address, hf:owner/repo[@revision], or set SIGA_OCR_HUB_REPOSITORY.")
    name = str(address) if model.startswith(hub.PREFIX) else model
    remote = hub.resolve(address)
    with home.written("the model"), home.locked(f"{address.place}@{remote.commit}"):
        if (entry := _at_commit(address.place, remote.commit)) and not entry.damage():
            return shelf.point(name, entry)
        return _fetch(remote, name)


def damage(model: str) -> list[str]:
    """What is wrong with a model that is on this machine, nothing if it is sound; every byte is read.

    Raises:
        ModelError: it is not on this machine.
    """
    from siga_ocr.store.files import check

    entry = stored(model) if model not in shipped() else None
    if entry and (faults := entry.damage()):
        return faults
    folder = find(model, fetch=False).folder
    try:
        check(folder, model)
    except ModelError as error:
        return [str(error)]
    return []


def _fetch(remote: "RemoteModel", name: str) -> "Entry":
    """Download into a folder that an interrupted run may have left, check it, and only then give it its name."""
    from datetime import UTC, datetime

    from siga_ocr.store import home, hub, shelf
    from siga_ocr.store.files import check

    address = remote.address
    folder = home.incoming() / f"{address.repository}/{address.folder}@{remote.commit}".replace("/", "--")
    staged = hub.download(remote, folder)
    try:
        check(staged, str(address))
        with home.staging() as clean:
            for path in [path for path in staged.iterdir() if path.is_file()]:
                path.rename(clean / path.name)
            origin = shelf.Origin("hub", address.place, remote.commit, datetime.now(UTC).isoformat(timespec="seconds"))
            return shelf.put(clean, name, origin)
    finally:
        home.discard(folder)


def _at_commit(place: str, commit: str) -> "Entry | None":
    from siga_ocr.store import shelf

    return next((entry for entry in shelf.entries() if entry.origin.source == place and entry.origin.commit == commit), None)


def _source(name: str) -> "Address | None":
    """Where a plain name would be pulled from, if anywhere."""
    from siga_ocr.store import hub, shelf

    return hub.address_of(name) if shelf.PLAIN_NAME.fullmatch(name) else None


def _missing(model: str, known: list[str]) -> str:
    from siga_ocr.store import hub, shelf

    if model.startswith(hub.PREFIX) or _source(model):
        return f"{model} is not on this machine. With a network: siga-ocr models pull {model}. Without: siga-ocr models import DIR|ZIP --name NAME."
    others = ", ".join(entry.name for entry in shelf.entries())
    there = f"shipped models ({', '.join(known) or 'none'})" + (f" or of the store ({others})" if others else "")
    name = model or "NAME"
    return (
        f"There is no model {model!r}: name a model folder, one of the {there}, or hf:owner/repo. "
        f"To bring it: siga-ocr models import DIR|ZIP --name {name}, or set SIGA_OCR_HUB_REPOSITORY and siga-ocr models pull {name}."
    )
