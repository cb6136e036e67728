"""A folder of part files with the records of many images: how a part is named and written whole, and what those that are there hold."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from siga_ocr.errors import DiskError, UsageError
from siga_ocr.record import Value
from siga_ocr.resume import ANEW
from siga_ocr.run_folder import held
from siga_ocr.scale import parquet
from siga_ocr.whole_file import unfinished

PART = re.compile(r"part-(\d{6,})\.(jsonl|parquet)")
COMPLETE = "_SUCCESS"
"""The name of the empty file that says that all is written, as Hadoop and Spark have it; readers of such folders pass it over."""


class PartFormat(StrEnum):
    """What a part file is, and what its name ends in."""

    JSONL = "jsonl"
    PARQUET = "parquet"


@dataclass
class Written:
    """What the parts hold that are there: their numbers, how often each image, how many of each status, the weights they were read with."""

    numbers: set[int] = field(default_factory=set)
    names: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    weights: set[str] = field(default_factory=set)

    def left(self, images: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The images, given with their names in the parts, that are not written yet; one that is named twice is written twice."""
        passed = self.names.copy()
        for image, name in images:
            if passed[name]:
                passed[name] -= 1
            else:
                yield image

    def check_weights(self, folder: Path, weights_sha256: str) -> None:
        """Records of two models do not belong in one result.

        Raises:
            UsageError: one was read with other weights.
        """
        for other in self.weights - {weights_sha256}:
            raise UsageError(f"{folder} was read with other weights ({other[:12]}...): name that model, or {ANEW}.")


@dataclass(frozen=True)
class PartFolder:
    """The folder and what its parts are; whatever else the program leaves in it begins with a dot, but for `COMPLETE`."""

    path: Path
    form: PartFormat

    def part(self, number: int) -> Path:
        """The file of a part."""
        return self.path / f"part-{number:06d}.{self.form}"

    def tries(self, number: int) -> Path:
        """The note of those that have tried to fill a part."""
        return self.path / f".part-{number:06d}.tries"

    def name(self, image: str) -> str:
        """The name of an image as the parts have it."""
        return parquet.in_utf8(image) if self.form is PartFormat.PARQUET else image

    def check(self, force: bool, resume: bool) -> None:
        """Refuse to destroy a result, and what no folder of parts can be; nothing is changed.

        Raises:
            UsageError: parts are there and nothing was said about that, or they are of the other format; or it is no folder of parts.
            DiskError: nothing can be written there.
        """
        try:
            self._check(force, resume)
        except OSError as error:
            raise DiskError(f"{self.path} cannot be written: {error.strerror}. Name another folder.") from error

    @contextmanager
    def opened(self, force: bool) -> Iterator[None]:
        """The folder made ready to take parts, and kept for this run alone; `force` removes the parts that are there.

        Raises:
            UsageError: another run is writing into it.
            DiskError: it cannot be made or changed.
        """
        with held(self.path, "--output"):
            self._clear(everything=force)
            yield

    def finish(self) -> None:
        """Say that all is written.

        Raises:
            DiskError: it cannot be written.
        """
        try:
            self._clear(everything=False)
            (self.path / COMPLETE).touch()
        except OSError as error:
            raise DiskError(f"{self.path / COMPLETE} cannot be written: {error.strerror}. All parts are there.") from error

    def write(self, number: int, records: Sequence[dict[str, Value]]) -> None:
        """Write one part, whole or not at all; one that is there is replaced.

        Raises:
            DiskError: it cannot be written.
        """
        path = self.part(number)
        try:
            with unfinished([path]) as partial:
                if self.form is PartFormat.PARQUET:
                    parquet.write(partial[path], records)
                else:
                    partial[path].write_text("".join(json.dumps(one, ensure_ascii=True) + "\n" for one in records), encoding="ascii")
        except OSError as error:
            raise DiskError(f"{path} cannot be written: {error.strerror or error}. Free some space, then go on with --resume.") from error

    @property
    def is_begun(self) -> bool:
        """Whether a part is there."""
        return bool(self._numbers())

    def written(self) -> Written:
        """What is there; nothing where there is no folder.

        Raises:
            UsageError: a part does not hold what this program writes.
            DiskError: one cannot be read.
        """
        found = Written()
        for number in self._numbers():
            path = self.part(number)
            try:
                rows = list(parquet.rows(path) if self.form is PartFormat.PARQUET else _json_rows(path))
                found.numbers.add(number)
                found.names.update(name for name, _, _ in rows)
                found.statuses.update(status for _, status, _ in rows)
                found.weights.update(weights for _, _, weights in rows if weights)
            except OSError as error:
                raise DiskError(f"{path} cannot be read: {error.strerror or error}.") from error
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(f"{path} holds something else than records: remove it, or {ANEW}.") from error
        return found

    def _numbers(self) -> list[int]:
        return sorted(int(found[1]) for found in map(PART.fullmatch, self._entries()) if found) if self.path.is_dir() else []

    def _entries(self) -> list[str]:
        return [path.name for path in self.path.iterdir()]

    def _check(self, force: bool, resume: bool) -> None:
        if not self.path.is_dir():
            if self.path.exists():
                raise UsageError(f"{self.path} is a file: with --ray, --output names a folder.")
            if not os.access(self.path.parent, os.W_OK | os.X_OK):
                there = "is read-only" if self.path.parent.is_dir() else "is not there"
                raise DiskError(f"{self.path} cannot be written: the folder around it {there}. Name another folder.")
            return
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise DiskError(f"{self.path} cannot be written: it is read-only. Name another folder.")
        entries = [entry for entry in self._entries() if not entry.startswith(".") and entry != COMPLETE]
        parts = [found for found in map(PART.fullmatch, entries) if found]
        if len(parts) < len(entries):
            other = min(entry for entry in entries if not PART.fullmatch(entry))
            raise UsageError(f"{self.path} holds other things, such as {other}: name a folder for parts alone.")
        if parts and not force and not resume:
            raise UsageError(f"{self.path} holds parts of an earlier run: go on with them with --resume, or start anew with --force.")
        if resume and not force and any(found[2] != self.form for found in parts):
            raise UsageError(f"The parts in {self.path} are no {self.form}: resume with the format they began with, or {ANEW}.")

    def _clear(self, everything: bool) -> None:
        """Remove what is left of those that were killed while they wrote, and with `everything` the parts themselves."""
        for entry in self._entries():
            is_left = entry.startswith(".part-") or entry == COMPLETE
            if is_left or (everything and PART.fullmatch(entry)):
                (self.path / entry).unlink(missing_ok=True)


def _json_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    with path.open(encoding="ascii") as stream:
        for line in stream:
            record = json.loads(line)
            yield str(record["file"]), str(record["status"]), str(record["weights_sha256"] or "")
