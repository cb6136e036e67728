"""One run of `verify`: pairs images with what they should say, has them read, writes the records, and finds the worst outcome."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.cli import console
from siga_ocr.cli.read_run import Choice, Outcome, record_sink
from siga_ocr.data.label_images import image_source
from siga_ocr.data.label_rows import LabelSource, read_rows
from siga_ocr.errors import ExitCode, NoInputError, UsageError
from siga_ocr.intake import Source
from siga_ocr.reader import Reader
from siga_ocr.sources import Search, find_images
from siga_ocr.verify import check_expected, verified
from siga_ocr.verify_record import VerificationWriter, verification_record

EXPECTED = "expected"
"""The column of a table that wins over the one that holds texts."""


@dataclass(frozen=True)
class Wanted:
    """One image, the name that its record bears, and what it should say; without a source it asks for the records of all before it."""

    source: Source | None
    name: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Job:
    """The whole of what was asked for: `paths` with `expected`, or a `table`."""

    paths: Sequence[str]
    search: Search
    expected: str
    table: Path | None
    min_margin: float
    choice: Choice
    outcome: Outcome

    def check(self) -> None:
        """Refuse what names no expectation, or two.

        Raises:
            UsageError: with what to give.
        """
        if bool(self.expected) == (self.table is not None) or bool(self.paths) != bool(self.expected):
            raise UsageError("Give PATH... with --expected TEXT, or --expected-file TABLE with the columns file and expected (or text).")


def run(job: Job, exit_zero: bool) -> ExitCode:
    """Verify everything and return the exit code."""
    job.check()
    console.hush_decoders()
    target, form = job.outcome.target(), job.outcome.format
    rows = _rows(job.table) if job.table else []
    reader = job.choice.load()
    for text in {row.expected for row in rows} or {job.expected}:
        check_expected(text, reader.config.charset, reader.config.max_length)
    outcomes = Counter[str]()
    with record_sink(target) as sink:
        writer = VerificationWriter(form, sink)
        for record in _records(reader, iter(rows) if job.table else _named(job), job.min_margin):
            writer.write(record)
            outcomes[str(record["outcome"])] += 1
    others = [f"{outcomes[name]} {words}" for name, words in WORDS.items() if outcomes[name]]
    if not job.outcome.quiet:
        for notice in (*reader.notices, *([f"Of {outcomes.total()} crops: {', '.join(others)}."] if others else [])):
            console.say(notice)
    return ExitCode.OK if exit_zero else _exit_code(outcomes)


WORDS = {"mismatch": "mismatch", "unsure": "unsure", "error": "could not be read"}


def _exit_code(outcomes: Counter[str]) -> ExitCode:
    if outcomes["mismatch"] or outcomes["error"]:
        return ExitCode.NOT_ALL
    return ExitCode.UNSURE if outcomes["unsure"] else ExitCode.OK


def _records(reader: Reader, wanted: Iterator[Wanted], min_margin: float) -> Iterator[dict[str, object]]:
    """One record for each image, in order."""
    pending = deque[Wanted]()

    def sources() -> Iterator[Source | None]:
        for one in wanted:
            if one.source is not None:
                pending.append(one)
            yield one.source

    for reading in reader.read(sources()):
        one, rows = pending.popleft(), reading.log_probabilities
        found = None if rows is None else verified(rows, one.expected, reader.config.charset, min_margin)
        yield verification_record(reading, one.expected, found, reader.provenance) | {"file": one.name}


def _named(job: Job) -> Iterator[Wanted]:
    """All images of the paths, and a pause after each group, so that nobody waits for more to come."""
    for group in find_images(job.paths, job.search, console.path_stream()):
        yield from (Wanted(image, image, job.expected) for image in group)
        yield Wanted(None)


def _rows(table: Path) -> list[Wanted]:
    """The rows of a labelled set; files lie relative to it.

    Raises:
        LabelError: it cannot be read.
        NoInputError: it has no rows.
        UsageError: a row says nothing of what is expected.
    """
    found = []
    for row in read_rows(LabelSource(table)):
        extra = {name.lower(): value for name, value in row.extra}
        expected = extra.get(EXPECTED, row.text).strip()
        if not expected:
            raise UsageError(f"{table}, line {row.line}: nothing is expected of {row.file}. Give every row a text.")
        found.append(Wanted(image_source(row.path), str(row.path), expected))
    if not found:
        raise NoInputError(f"{table} has no rows: give every crop one, with the columns file and expected.")
    return found
