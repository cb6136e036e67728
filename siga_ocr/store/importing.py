"""A model from a folder or a zip archive, as it comes on a stick, into the store."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from siga_ocr.errors import ModelError, SigaError
from siga_ocr.store import home, shelf
from siga_ocr.store.files import LIMITS, check
from siga_ocr.store.folder import CONFIG_NAME, MEGABYTE

CHUNK = 4 * MEGABYTE


def bring(source: Path, name: str) -> shelf.Entry:
    """Copy the model in `source` to the store and call it `name`; what was called so before is replaced when the new one is found sound.

    Only the files of a model are taken, under their own names: whatever else an archive holds, and wherever it wants to lie, is left out.

    Raises:
        UsageError: `name` is no name for a model.
        ModelError: there is no sound model in `source`.
        DiskError: the store cannot be written.
    """
    shelf.check_plain(name)
    with home.staging() as folder:
        staged = folder / "model"
        with home.written("the model"):
            staged.mkdir()
        if source.is_dir():
            _copy_folder(source, staged)
        elif source.is_file():
            _unpack(source, staged)
        else:
            raise ModelError(f"There is no {source}: name a model folder, or a zip archive of one.")
        try:
            check(staged, str(source))
        except ModelError as error:
            raise ModelError(str(error).replace(str(staged), str(source))) from error
        origin = shelf.Origin("import", str(source.absolute()), fetched=datetime.now(UTC).isoformat(timespec="seconds"))
        return shelf.put(staged, name, origin)


def _copy_folder(source: Path, staged: Path) -> None:
    for name in LIMITS:
        if (source / name).is_file():
            try:
                stream = (source / name).open("rb")
            except OSError as error:
                raise ModelError(f"{source / name} cannot be read: {error.strerror}. Name another copy.") from error
            with stream:
                _copy(stream, staged / name, str(source))


def _unpack(source: Path, staged: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
            top = _top(list(members), source)
            for name in LIMITS:
                if member := members.get(str(top / name)):
                    with archive.open(member) as stream:
                        _copy(stream, staged / name, str(source))
    except SigaError:
        raise
    except Exception as error:  # of many kinds, whatever a damaged or hostile archive brings about
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(f"{source} is no zip archive that can be unpacked ({reason}). Pack the model's folder again, without a password.") from error


def _top(names: list[str], source: Path) -> PurePosixPath:
    """The folder within the archive that the model is in."""
    tops = {PurePosixPath(name).parent for name in names if PurePosixPath(name).name == CONFIG_NAME}
    if not tops:
        raise ModelError(f"{source} holds no {CONFIG_NAME}: it is no archive of a model.")
    if len(tops) > 1:
        raise ModelError(f"{source} holds {len(tops)} models ({', '.join(sorted(map(str, tops)))}): pack one folder into an archive.")
    top = tops.pop()
    if top.is_absolute() or ".." in top.parts:
        raise ModelError(f"{source} wants to be unpacked outside its folder ({top}): it is not taken. Pack the model's folder again.")
    return top


def _copy(stream: IO[bytes], target: Path, what: str) -> None:
    """Copy no more than a file of that name may have, whatever the archive says of its size."""
    left = LIMITS[target.name]
    with home.written("the model"), target.open("wb") as sink:
        while chunk := _read(stream, f"{target.name} of {what}"):
            left -= len(chunk)
            if left < 0:
                raise ModelError(f"{target.name} of {what} is larger than {LIMITS[target.name] // MEGABYTE} MB: that is no model of siga-ocr.")
            sink.write(chunk)


def _read(stream: IO[bytes], what: str) -> bytes:
    try:
        return stream.read(CHUNK)
    except OSError as error:
        raise ModelError(f"{what} cannot be read: {error.strerror or error}. Name another copy.") from error
