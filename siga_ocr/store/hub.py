"""Models on a Hugging Face hub: what an address means, fetching and publishing; the only module that uses the network.

`huggingface_hub` does the work and is imported when it is needed; HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE mean what they mean there.
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from siga_ocr import __version__
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.store.files import LIMITS, REQUIRED, check, contents, sha256_of
from siga_ocr.store.folder import MEGABYTE
from siga_ocr.store.hub_errors import explained

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoSibling

HUB_REPOSITORY = ""
"""The repository that plain model names are pulled from, as `owner/repo`: each model is a folder in it. Empty: none is published."""

PREFIX = "hf:"
LONGEST = 200
"""Signs of an address, which names a file of the store too; the hub's own limits leave owner and repository 140 of them."""
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_ADDRESS = re.compile(rf"hf:({_PART}/{_PART})(?:/({_PART}))?(?:@([A-Za-z0-9][A-Za-z0-9._/-]*))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Address:
    """A model on the hub: `hf:owner/repo`, with `/folder` where the repository holds several, and `@revision` (a branch, a tag or a commit)."""

    repository: str
    folder: str = ""
    revision: str = "main"

    @property
    def place(self) -> str:
        """The address without its revision."""
        return f"{PREFIX}{self.repository}" + (f"/{self.folder}" if self.folder else "")

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit, which never means anything else."""
        return bool(_COMMIT.fullmatch(self.revision))

    def __str__(self) -> str:
        return f"{self.place}@{self.revision}"


@dataclass(frozen=True)
class RemoteModel:
    """What an address stood for when it was asked: the commit, and the files of the model there, with their bytes and hashes as far as told."""

    address: Address
    commit: str
    files: tuple["RemoteFile", ...]


@dataclass(frozen=True)
class RemoteFile:
    """A file on the hub; large ones come with their SHA-256, others with the SHA-1 that git gives them."""

    name: str
    size: int | None
    sha256: str
    git_sha1: str

    def matches(self, path: Path) -> bool:
        """Whether a file is the one that the hub announced."""
        if self.sha256:
            return sha256_of(path) == self.sha256
        if not self.git_sha1:
            return True
        content = path.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == self.git_sha1


def parse(text: str) -> Address:
    """The address that `hf:owner/repo[/folder][@revision]` says.

    Raises:
        UsageError: it is none.
    """
    match = _ADDRESS.fullmatch(text)
    if not match or ".." in text or len(text) > LONGEST:
        raise UsageError(
            f"{text!r} is no address on the hub: write hf:owner/repo[/folder], with @revision where it is not main, {LONGEST} signs at most."
        )
    return Address(match[1], match[2] or "", match[3] or "main")


def address_of(name: str) -> Address | None:
    """Where a plain model name is pulled from; nothing where no repository is set.

    Raises:
        UsageError: the setting is no repository.
    """
    setting = os.environ.get("SIGA_OCR_HUB_REPOSITORY", HUB_REPOSITORY)
    if not setting:
        return None
    repository, _, revision = setting.removeprefix(PREFIX).partition("@")
    if repository.count("/") != 1:
        raise UsageError(f"SIGA_OCR_HUB_REPOSITORY is {setting!r}: write owner/repo, or owner/repo@revision.")
    return parse(f"{PREFIX}{repository}/{name}" + (f"@{revision}" if revision else ""))


def resolve(address: Address) -> RemoteModel:
    """Ask the hub which commit a revision is, and what it holds.

    Raises:
        ModelError: there is no such repository, revision or model, the hub does not let us, or it cannot be reached.
    """
    with _explaining(address):
        info = _api().model_info(address.repository, revision=address.revision, files_metadata=True)
    prefix = f"{address.folder}/" if address.folder else ""
    if not _COMMIT.fullmatch(info.sha or ""):
        raise ModelError(f"The server does not say which commit {address} is: check HF_ENDPOINT, which has to be a hub.")
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    files = tuple(_remote_file(name, siblings[prefix + name]) for name in LIMITS if prefix + name in siblings)
    if lacking := [name for name in REQUIRED if prefix + name not in siblings]:
        raise ModelError(f"{address} is no model of siga-ocr: it holds no {' and no '.join(lacking)}. Name another repository, folder or revision.")
    for file in files:
        if (file.size or 0) > LIMITS[file.name]:
            raise ModelError(f"{file.name} of {address} is larger than {LIMITS[file.name] // MEGABYTE} MB: that is no model of siga-ocr.")
    return RemoteModel(address, str(info.sha), files)


def download(remote: RemoteModel, folder: Path) -> Path:
    """Fetch the files that are not there yet, and return the folder below `folder` that the model is in.

    Raises:
        ModelError: a file does not come, or comes as another one than announced.
        DiskError: there is no room for it.
    """
    for file in remote.files:
        path = _fetched(remote, file, folder, anew=False)
        if not file.matches(path) and not file.matches(_fetched(remote, file, folder, anew=True)):
            raise ModelError(
                f"{file.name} of {remote.address} arrived damaged twice (its hash differs from the hub's). Try again later, or tell its owner."
            )
    return folder / remote.address.folder if remote.address.folder else folder


def push(folder: Path, address: Address, public: bool) -> str:
    """Publish a model folder in one call, and return where it is to be seen; a repository that is new is private unless `public`.

    Raises:
        ModelError: the folder holds no sound model, the hub does not let us, or it cannot be reached.
    """
    check(folder, str(folder))
    names = [file.name for file in contents(folder)]
    with _explaining(address, "Push again when the network is back."):
        api = _api()
        api.create_repo(address.repository, private=not public, exist_ok=True)
        done = api.upload_folder(
            repo_id=address.repository,
            folder_path=folder,
            path_in_repo=address.folder or None,
            revision=address.revision,
            allow_patterns=names,
            commit_message=f"Model of siga-ocr {__version__}",
        )
    return str(done.commit_url)


def is_offline() -> bool:
    """Whether the environment forbids the network."""
    said = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return said.upper() in ("1", "ON", "YES", "TRUE")


def _fetched(remote: RemoteModel, file: RemoteFile, folder: Path, *, anew: bool) -> Path:
    with _explaining(remote.address):
        api = _api()
        path = api.hf_hub_download(
            remote.address.repository,
            file.name,
            subfolder=remote.address.folder or None,
            revision=remote.commit,
            local_dir=folder,
            force_download=anew,
        )
    return Path(path)


def _remote_file(name: str, sibling: "RepoSibling") -> RemoteFile:
    sha256 = sibling.lfs.sha256 if sibling.lfs else ""
    return RemoteFile(name, sibling.size, sha256, "" if sha256 else sibling.blob_id or "")


def _api() -> "HfApi":
    """The library's client, which learns from the environment what is not said here."""
    shows_progress = sys.stderr is not None and sys.stderr.isatty()
    defaults = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "0" if shows_progress else "1"}
    for name, value in defaults.items():  # read by the library when it is imported
        os.environ.setdefault(name, value)
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="siga-ocr", library_version=__version__)


@contextmanager
def _explaining(address: Address, advice: str = "") -> Iterator[None]:
    """Turn what the library and the HTTP client below it raise into what a user can act on; `advice` is for when there is no network.

    Raises:
        ModelError: the hub or the network said no.
        DiskError: there is no room.
    """
    advice = advice or (
        f"With a network: siga-ocr models pull {address}. Without: siga-ocr models import DIR|ZIP --name NAME, from a copy of it on a stick."
    )
    if is_offline():
        raise ModelError(f"HF_HUB_OFFLINE forbids the network, which it takes for {address}. {advice}")
    try:
        yield
    except Exception as error:  # which classes they are changes with the version of the library and of its HTTP client
        raise explained(error, str(address), advice) from error
