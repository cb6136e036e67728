"""What `read` leaves beside its records to look at: overlays as PNG, and the page of `--report`."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.errors import DiskError, UsageError
from siga_ocr.output import Target, replacing
from siga_ocr.page import Page
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.visualize import Evidence
from siga_ocr.whole_file import whole_path


@dataclass(frozen=True)
class Shown:
    """Where what was seen is shown, as it was asked for: a folder of overlays, a page."""

    attention: Path | None = None
    report: Path | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether anything is shown at all, for which crops are read one by one."""
        return self.attention is not None or self.report is not None

    def check(self, output: Path | None, resume: bool) -> None:
        """Refuse a page that could not be written, or not be whole, and two results of one name; `output` are the records' file.

        Raises:
            UsageError: with the reason.
            DiskError: nothing can be written there.
        """
        self._check_names(output)
        if self.report is None:
            return
        if str(self.report) == "-":
            raise UsageError("--report is a page in a file, and stdout takes the records: name a file, such as report.html.")
        if resume:
            raise UsageError("--report shows all crops of a run: it does not go with --resume.")
        Target(self.report, force=True).check()

    def _check_names(self, output: Path | None) -> None:
        options = dict[Path, str]()
        for option, path in (("--output", output), ("--report", self.report), ("--attention", self.attention)):
            if path is None or _is_device(path):
                continue
            first = options.setdefault(whole_path(path).resolve(), option)
            if first != option:
                raise UsageError(f"{first} and {option} both name {path}: give each a name of its own.")


def _is_device(path: Path) -> bool:
    """Whether many may write there, such as into `/dev/null`."""
    try:
        kind = path.stat().st_mode
    except OSError:  # whether one may write there is looked at later
        return False
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def read_and_show(reader: Reader, images: Iterator[str | None], shown: Shown, count: int) -> Iterator[Reading]:
    """Readings one by one, each with what it rests on; the running number from `count` + 1 keeps equal names of different folders apart."""
    with _page(shown.report, reader) as page:
        for number, path in enumerate((path for path in images if path is not None), start=count + 1):
            reading, evidence = reader.explain(path)
            if evidence is not None and shown.attention is not None:
                _draw(evidence, shown.attention, f"{number:05d}-{Path(path).stem[:50]}.png")
            if page is not None:
                with _on_disk(shown.report):
                    page.add(reading, evidence)
            yield reading


@contextmanager
def _page(path: Path | None, reader: Reader) -> Iterator[Page | None]:
    """The page, which takes its name when it is whole and replaces an older one."""
    with replacing(Target(path, force=True, resumable=False)) if path else nullcontext() as sink:
        page = Page(sink, reader.provenance) if sink else None
        yield page
        if page is not None:
            with _on_disk(path):
                page.finish()


@contextmanager
def _on_disk(path: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"The page {path} cannot be written: {error.strerror}. Free some space or name another file with --report.") from error


def _draw(evidence: Evidence, folder: Path, name: str) -> None:
    from PIL import Image

    from siga_ocr.visualize import overlay

    target = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(overlay(evidence)).save(target)
    except OSError as error:
        raise DiskError(f"{target} cannot be written: {error.strerror}. Name another folder with --attention.") from error
