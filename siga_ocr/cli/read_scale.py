"""`read --ray`: finds the images, has the machines of a Ray cluster fill part files with their records, and says what was not accepted."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path

from siga_ocr.cli import console
from siga_ocr.cli.read_run import Job, summary
from siga_ocr.engines.engine import check_names
from siga_ocr.errors import DeviceError, ExitCode, SigaError, UsageError
from siga_ocr.scale import on_ray
from siga_ocr.scale.part_reader import Done, Order, Work, orders
from siga_ocr.scale.parts import PartFolder, PartFormat, Written
from siga_ocr.sources import find_images
from siga_ocr.store import weights
from siga_ocr.store.folder import describe
from siga_ocr.whole_file import whole_path


def run(job: Job, address: str, exit_zero: bool) -> ExitCode:
    """Read everything and return the exit code."""
    outcome = job.outcome
    parts = _parts(job)
    on_ray.check(address)
    parts.check(outcome.force, outcome.resume)
    sha256 = describe(weights.path_of(job.choice.model)).weights_sha256
    earlier = parts.written() if outcome.resume and not outcome.force else Written()
    earlier.check_weights(parts.path, sha256)
    images = chain.from_iterable(find_images(job.paths, job.search, console.path_stream()))
    left = list(orders(earlier.left((image, parts.name(image)) for image in images), earlier.numbers))
    statuses, said = earlier.statuses.copy(), set[str]()
    with on_ray.connected(address) if left else nullcontext(), parts.opened(outcome.force), _noted(parts):
        for done in console.progress(_carried_out(_work(job, parts), left), "part", len(left), shares_screen=False):
            statuses.update(done.statuses)
            for notice in (f"{done.machine}: {notice}" for notice in done.notices):
                if notice not in said and not outcome.quiet:
                    console.say(notice)
                said.add(notice)
        parts.finish()
    refused = statuses["error"] + statuses["review"]
    if refused and not outcome.quiet:
        console.say(summary(statuses, job.choice.options))
    return ExitCode.NOT_ALL if refused and not exit_zero else ExitCode.OK


def _parts(job: Job) -> PartFolder:
    """Where the records go, after a check of what does not go together.

    Raises:
        UsageError: with the reason.
        DiskError: there is no place for them.
    """
    outcome, choice = job.outcome, job.choice
    if outcome.output is None or outcome.is_stdout:
        raise UsageError("--ray writes a folder of part files: name it with --output DIR.")
    if outcome.form not in ("auto", *PartFormat):
        raise UsageError(f"--ray writes --format {' or '.join(PartFormat)}, not {outcome.form}.")
    if outcome.shown.is_wanted:
        raise UsageError("--attention and --report show crops one by one: they do not go with --ray.")
    if choice.options.workers:
        raise UsageError("--workers does not go with --ray: give each reader more --threads.")
    check_names(choice.engine, choice.device)
    if ":" in choice.device:
        raise UsageError(f"--ray gives each reader a GPU of its own: --device cuda, not {choice.device}.")
    return PartFolder(whole_path(outcome.output), PartFormat.JSONL if outcome.form == "auto" else PartFormat(outcome.form))


def _work(job: Job, parts: PartFolder) -> Work:
    return Work(job.choice.model, job.choice.device, job.choice.engine, job.choice.options, parts, str(Path.cwd()))


def _carried_out(work: Work, left: list[Order]) -> Iterator[Done]:
    """What became of each order; a fault of one machine ends the run.

    Raises:
        SigaError: with the exit code of the fault.
        DeviceError: Ray has ended before all orders were carried out.
    """
    open_orders = {order.number for order in left}
    for done in on_ray.fill(work, left) if left else ():
        if done.fault:
            error = SigaError(f"{done.machine}: {done.fault}")
            error.exit_code = ExitCode(done.exit_code)
            raise error
        open_orders.discard(done.number)
        yield done
    if open_orders:
        raise DeviceError(f"Ray has ended with {len(open_orders)} of {len(left)} parts not written.")


@contextmanager
def _noted(parts: PartFolder) -> Iterator[None]:
    """Whatever ends the run is told what is there already."""
    try:
        yield
    except BaseException as error:
        if parts.is_begun:
            error.add_note(f"The parts so far are in {parts.path}: the same command with --resume goes on from there.")
        raise
