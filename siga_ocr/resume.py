"""What an interrupted run has written: how far it came, for which images, and what is left to read."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from siga_ocr.errors import DiskError, UsageError
from siga_ocr.parsing import from_json
from siga_ocr.record import COLUMNS
from siga_ocr.writers import Format, printable

ANEW = "start anew with --force instead of --resume"
TSV_ESCAPES = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


@dataclass(frozen=True)
class Recorded:
    """One record that is there: the image's name in the words of its format, its status, and the weights it was read with, if it says so."""

    name: str
    status: str
    weights_sha256: str = ""


@dataclass(frozen=True)
class Earlier:
    """The whole records of a partial file: how many, the byte at which the last of them ends, their statuses, the weights of the last."""

    path: Path = Path()
    form: Format = Format.JSONL
    count: int = 0
    end: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    weights_sha256: str = ""

    def check_weights(self, weights_sha256: str) -> None:
        """Records of two models do not belong in one result.

        Raises:
            UsageError: the earlier records were read with other weights.
        """
        if self.weights_sha256 and weights_sha256 and self.weights_sha256 != weights_sha256:
            raise UsageError(f"{self.path} was read with other weights ({self.weights_sha256[:12]}...): name that model, or {ANEW}.")

    def skip(self, groups: Iterator[Iterator[str]]) -> Iterator[Iterator[str]]:
        """The images that are not recorded yet, after a check that the recorded ones are the first of those asked for.

        Raises:
            UsageError: they are not.
        """
        if not self.count:
            yield from groups
            return
        with self.path.open("rb") as stream:
            records = islice(_records(stream, self.form, self.path), self.count)
            for group in groups:
                yield self._left(group, records)
            if (unasked := next(records, None)) is not None:
                raise UsageError(f"{self.path} has a record of {unasked.name!r} that is not among the images asked for: {ANEW}.")

    def _left(self, images: Iterator[str], records: Iterator[Recorded]) -> Iterator[str]:
        for image in images:
            record = next(records, None)
            if record is None:
                yield image
            elif record.name != (printable(image) if self.form is Format.TABLE else image):
                raise UsageError(f"{self.path} has a record of {record.name!r} where {image!r} is asked for now: {ANEW}.")


def scan(partial: Path, form: Format) -> Earlier:
    """How far an earlier run came; nothing where there is no such file.

    Raises:
        UsageError: the file holds no records of this format, or records that name no image.
        DiskError: it cannot be read.
    """
    if form is Format.TEXT:
        raise UsageError("--resume needs records that name their image: not --format text.")
    count, end, statuses, weights = 0, 0, Counter[str](), ""
    try:
        with partial.open("rb") as stream:
            for record in _records(stream, form, partial):
                count, end, weights = count + 1, stream.tell(), record.weights_sha256
                statuses[record.status] += 1
    except FileNotFoundError:
        return Earlier(partial, form)
    except OSError as error:
        raise DiskError(f"{partial} cannot be read: {error.strerror}.") from error
    return Earlier(partial, form, count, end, statuses, weights)


def _records(stream: io.BufferedReader, form: Format, path: Path) -> Iterator[Recorded]:
    """The whole records; after each, the stream stands at its end. The half of one at the end of the file is passed over."""
    parse = {Format.JSONL: _from_json, Format.CSV: _from_csv, Format.TSV: _from_tsv, Format.TABLE: _from_table}[form]
    headed = form in (Format.CSV, Format.TSV)
    for number, line in enumerate(_whole_lines(stream, quoted=form is Format.CSV)):
        try:
            if headed and number == 0:
                _check_header(line, form)
            else:
                yield parse(line)
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise UsageError(f"Line {number + 1} of {path} is no {form} record: resume with the format it began with, or {ANEW}.") from error


def _whole_lines(stream: io.BufferedReader, quoted: bool) -> Iterator[str]:
    """Records that are ended by a line feed; within quotes it ends none."""
    gathered, quotes = list[bytes](), 0
    while line := stream.readline():
        gathered.append(line)
        quotes += line.count(b'"') if quoted else 0
        if line.endswith(b"\n") and quotes % 2 == 0:
            yield b"".join(gathered).decode("utf-8", "surrogateescape")
            gathered.clear()


def _check_header(line: str, form: Format) -> None:
    split: Callable[[str], list[str]] = _csv_cells if form is Format.CSV else _tsv_cells
    if split(line) != list(COLUMNS):
        raise ValueError("other columns")


def _from_json(line: str) -> Recorded:
    record = from_json(line)
    return Recorded(str(record["file"]), str(record["status"]), str(record["weights_sha256"] or ""))


def _from_csv(line: str) -> Recorded:
    return _from_cells(_csv_cells(line))


def _from_tsv(line: str) -> Recorded:
    return _from_cells(_tsv_cells(line))


def _from_cells(cells: list[str]) -> Recorded:
    row = dict(zip(COLUMNS, cells, strict=True))
    return Recorded(row["file"], row["status"], row["weights_sha256"])


def _from_table(line: str) -> Recorded:
    name, _, last = line.removesuffix("\n").split("\t")
    status = "error" if last.startswith("error: ") else "review" if last.endswith(" review") else "ok"
    return Recorded(name, status)


def _csv_cells(line: str) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline="")))


def _tsv_cells(line: str) -> list[str]:
    return [_unescaped(cell) for cell in line.removesuffix("\n").split("\t")]


def _unescaped(cell: str) -> str:
    """The cell that `writers.tsv_line` escaped."""
    parts = iter(cell)
    return "".join(TSV_ESCAPES[next(parts, "")] if character == "\\" else character for character in parts)
