"""One run of `read`: finds the images, has them read, writes the records, and says in the end what was not accepted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from siga_ocr.cli import console
from siga_ocr.cli.read_evidence import Shown, read_and_show
from siga_ocr.errors import ExitCode, NoInputError, UsageError
from siga_ocr.output import Target, replacing
from siga_ocr.read_options import ReadOptions
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.resume import Earlier, scan
from siga_ocr.sources import STREAM, Search, find_images
from siga_ocr.writers import Format, Sink, make_writer

PARQUET = "parquet"
"""The one format of `--ray` that no stream can take."""


@dataclass(frozen=True)
class Choice:
    """What reads, as it was asked for."""

    model: str
    device: str
    engine: str
    options: ReadOptions

    def load(self) -> Reader:
        """The reader that was asked for.

        Raises:
            UsageError, DeviceError, ModelError: as `Reader.load`.
        """
        return Reader.load(self.model, self.device, self.engine, self.options)


@dataclass(frozen=True)
class Outcome:
    """What becomes of the readings, as it was asked for; `output` None and `-` are stdout.

    `resumable` is whether the command has `--resume`.
    """

    form: str
    output: Path | None
    force: bool
    resume: bool
    shown: Shown
    quiet: bool
    resumable: bool = True

    @property
    def is_stdout(self) -> bool:
        """Whether records go to stdout."""
        return self.output is None or str(self.output) == STREAM

    def target(self) -> Target | None:
        """The file that is to be written, None for stdout.

        Raises:
            UsageError: it must not be written, or there is none that options ask for.
            DiskError: it cannot be written.
        """
        if self.output is None or self.is_stdout:
            if self.force or self.resume:
                raise UsageError(f"{'--force and --resume go' if self.resumable else '--force goes'} with --output FILE.")
            return None
        target = Target(self.output, self.force, self.resume, resumable=self.resumable and self.format is not Format.TEXT)
        target.check()
        return target

    @property
    def format(self) -> Format:
        """`auto` is a table on a terminal and JSON lines otherwise."""
        if self.form == PARQUET:
            raise UsageError("--format parquet is a folder of part files: it goes with --ray.")
        if self.form != "auto":
            return Format(self.form)
        return Format.TABLE if self.is_stdout and console.is_terminal() else Format.JSONL


@dataclass(frozen=True)
class Job:
    """The whole of what was asked for."""

    paths: Sequence[str]
    search: Search
    choice: Choice
    outcome: Outcome


def run(job: Job, exit_zero: bool) -> ExitCode:
    """Read everything and return the exit code."""
    console.hush_decoders()
    outcome, choice = job.outcome, job.choice
    outcome.shown.check(None if outcome.is_stdout else outcome.output, outcome.resume)
    target, form = outcome.target(), outcome.format
    earlier = scan(target.partial, form) if target and outcome.resume else Earlier()
    groups = _found(job)
    reader = choice.load()
    earlier.check_weights(reader.provenance.weights_sha256)
    statuses = earlier.statuses.copy()
    images = _with_pauses(earlier.skip(groups))
    readings = read_and_show(reader, images, outcome.shown, earlier.count) if outcome.shown.is_wanted else reader.read(images)
    with record_sink(target, earlier.end) as sink:
        writer = make_writer(form, sink, reader.provenance, headed=earlier.count > 0)
        for reading in _shown(readings, reader, outcome):
            writer.write(reading)
            statuses[reading.status] += 1
    refused = statuses["error"] + statuses["review"]
    if refused and not outcome.quiet:
        console.say(summary(statuses, choice.options))
    return ExitCode.NOT_ALL if refused and not exit_zero else ExitCode.OK


def _found(job: Job) -> Iterator[Iterator[str]]:
    """The images in groups; where there are none, a device or a model that is missing too is what is said."""
    try:
        return _peeked(find_images(job.paths, job.search, console.path_stream()), job.paths)
    except NoInputError:
        job.choice.load()
        raise


def _peeked(groups: Iterator[Iterator[str]], paths: Sequence[str]) -> Iterator[Iterator[str]]:
    """The same groups; that there is nothing to read is found out now, before a model is loaded, where it needs no waiting for a stream."""
    if STREAM in paths:
        return groups
    only = next(groups)
    for image in only:
        return chain([chain([image], only)], groups)
    return iter(list(groups))  # which raises that there is nothing


def _with_pauses(groups: Iterator[Iterator[str]]) -> Iterator[str | None]:
    """All images; None after each group asks the reader for all readings so far."""
    for group in groups:
        yield from group
        yield None


@contextmanager
def record_sink(target: Target | None, end: int = 0) -> Iterator[Sink]:
    """stdout, or the file, which appears when all is written."""
    if target is None:
        yield console.data_stream()
        return
    with replacing(target, end) as stream:
        yield stream


def _shown(readings: Iterator[Reading], reader: Reader, outcome: Outcome) -> Iterator[Reading]:
    """The same readings, with a progress bar, and what the reader has to say as it comes."""
    if outcome.quiet:
        yield from readings
        return
    said = 0
    for reading in console.progress(readings, "crop", shares_screen=outcome.is_stdout and console.is_terminal()):
        yield reading
        for notice in reader.notices[said:]:
            console.say(notice)
            said += 1


def summary(statuses: Counter[str], rules: ReadOptions) -> str:
    """What was not accepted, in a line."""
    total = statuses.total()
    parts = []
    if statuses["error"]:
        parts.append(f"{statuses['error']} of {total} images could not be read")
    if statuses["review"]:
        others = rules.searches or rules.min_character_confidence
        what = "are to be looked at" if others else f"are less sure than {rules.min_confidence:g}"
        parts.append(f"{statuses['review']} of {total} readings {what}")
    return "; ".join(parts) + "."
