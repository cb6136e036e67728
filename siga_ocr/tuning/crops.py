"""The user's crops before a fine-tuning: what of them can be used, what is dropped for which reason, and which of them validate."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from siga_ocr.assessing.scored_set import Rows
from siga_ocr.config import ModelConfig
from siga_ocr.data.image_facts import ImageFacts, scan
from siga_ocr.data.label_check import Finding, Kind, Report, check
from siga_ocr.data.label_output import dropped_table, label_table, write_tables
from siga_ocr.data.label_rows import LabelSource, Row, find_table, read_rows
from siga_ocr.data.label_text import examine
from siga_ocr.data.labels import LabelRules, part_of, turned_files
from siga_ocr.data.split import SplitOptions, split
from siga_ocr.engines.device import core_count
from siga_ocr.errors import LabelError

TRAIN, VALIDATION, DROPPED = "train.csv", "val.csv", "dropped.csv"

SHARE, MOST_VALIDATING = 0.2, 2000
"""The part of the crops that validates where no other set is given, and how many at most."""

FEWEST = 4
"""Crops below which there is nothing to divide."""

_NOT_FITTING = frozenset({Kind.CHARSET, Kind.TOO_LONG})
_KEPT = frozenset({Kind.NEAR_DUPLICATE, Kind.BLANKS, Kind.LOOK_ALIKE})
"""Pictures that are nearly the same are learned from, and stay on one side of a split; the others are mended."""


@dataclass(frozen=True)
class Crops:
    """Where crops come from: `own` to learn from, `validation` (where none is given, a part of the own ones), and which `rows` of both."""

    own: Path
    validation: Path | None = None
    rows: Rows = field(default_factory=Rows)


@dataclass(frozen=True)
class Prepared:
    """Two tables that lie in the run folder now: rows to learn from and rows that validate; reasons of dropped rows with their number."""

    train: int
    validation: int
    texts: int
    dropped: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Divided:
    """Crops that can be used, on their two sides, and the rows that were dropped; nothing is written yet."""

    train: list[Row]
    validation: list[Row]
    dropped: list[tuple[Row, str]]

    def write(self, folder: Path) -> Prepared:
        """Write the tables of a run.

        Raises:
            DiskError: they cannot be written.
        """
        paths = {name: folder / name for name in (TRAIN, VALIDATION, DROPPED)}
        write_tables(
            {
                paths[TRAIN]: label_table(_placed(self.train), paths[TRAIN]),
                paths[VALIDATION]: label_table(_placed(self.validation), paths[VALIDATION]),
                paths[DROPPED]: dropped_table(self.dropped),
            }
        )
        counts = Counter(reason.split(":")[0] for _, reason in self.dropped)
        return Prepared(len(self.train), len(self.validation), len({row.text for row in self.train}), tuple(counts.most_common()))


def divide(crops: Crops, model: ModelConfig, seed: int) -> Divided:
    """Check and divide the crops; equal texts and nearly equal pictures stay on one side.

    Raises:
        LabelError: a label does not fit the model, a table cannot be read, or too few crops are left.
    """
    rules = LabelRules(charset=model.charset, max_length=model.max_length)
    own = _usable(crops.own, crops.rows, rules)
    if len(own.rows) < (2 if crops.validation else FEWEST):
        raise LabelError(f"{crops.own} has {len(own.rows)} usable crops, which are too few to learn from{_why(own.dropped)}.")
    if not crops.validation:
        share = min(SHARE, MOST_VALIDATING / len(own.rows))
        sides = split(own.rows, SplitOptions(share, seed), own.images)
        return Divided(list(sides.train), list(sides.validation), own.dropped)
    apart = _usable(crops.validation, crops.rows, rules)
    if not apart.rows:
        raise LabelError(f"{crops.validation} has no usable crop{_why(apart.dropped)}.")
    own = _without(own, apart)
    return Divided(own.rows, apart.rows, [*own.dropped, *apart.dropped])


@dataclass(frozen=True)
class _Usable:
    rows: list[Row]
    images: list[ImageFacts | str]
    dropped: list[tuple[Row, str]]


def _usable(path: Path, wanted: Rows, rules: LabelRules) -> _Usable:
    rows = list(_wanted(path, wanted))
    images = list(scan((row.path for row in rows), core_count()))
    report = check(rows, rules, images)
    _refuse_misfits(path, report.findings)
    reasons = _reasons(report)
    kept = [place for place, row in enumerate(rows) if row not in reasons]
    mended = [replace(rows[place], text=examine(rows[place].text, rules.charset).mended) for place in kept]
    return _Usable(mended, [images[place] for place in kept], [(row, "; ".join(why)) for row, why in reasons.items()])


def _without(own: _Usable, apart: _Usable) -> _Usable:
    """Crops to learn from without the pictures that validate: they would be known by heart."""
    seen = {image.pixels_sha256 for image in apart.images if isinstance(image, ImageFacts)}
    double = [isinstance(image, ImageFacts) and image.pixels_sha256 in seen for image in own.images]
    dropped = [(row, "in both sets: the same picture validates") for row, known in zip(own.rows, double, strict=True) if known]
    kept = [place for place, known in enumerate(double) if not known]
    if not kept:
        raise LabelError("Every crop to learn from is among those that validate: name other crops with --val, or none.")
    return _Usable([own.rows[place] for place in kept], [own.images[place] for place in kept], [*own.dropped, *dropped])


def _wanted(path: Path, wanted: Rows) -> Iterator[Row]:
    """The rows that were asked for, as `evaluate` counts them."""
    turned = turned_files(find_table(path).parent) if wanted.upright else frozenset()
    for row in read_rows(LabelSource(path, wanted.names, wanted.encoding)):
        if row.file not in turned and wanted.part in ("all", part_of(row.text)):
            yield row


def _reasons(report: Report) -> dict[Row, list[str]]:
    """Each row that cannot be learned from, with what is wrong."""
    reasons: dict[Row, list[str]] = {}
    for finding in report.findings:
        if finding.kind not in _KEPT:
            reasons.setdefault(finding.row, []).append(f"{finding.kind}: {finding.detail}")
    return reasons


def _refuse_misfits(path: Path, findings: Iterable[Finding]) -> None:
    """Labels that the model could never read are told before any work is done.

    Raises:
        LabelError: there is one.
    """
    misfits = [finding for finding in findings if finding.kind in _NOT_FITTING]
    if not misfits:
        return
    first = misfits[0]
    rows = len({finding.row for finding in misfits})
    count = f"{rows} labels do" if rows > 1 else "1 label does"
    raise LabelError(
        f"{path}: {count} not fit the model; the first is line {first.row.line}, {first.row.text!r}: {first.detail}. "
        "Let the model learn it with --charset-add CHARACTERS or --max-length N, or take such rows out: "
        f"siga-ocr data check {path} --fixed clean.csv."
    )


def _placed(rows: Sequence[Row]) -> list[Row]:
    """Rows with nothing but image and text, named by their whole path, so that the table can lie anywhere."""
    return [Row(row.line, str(row.path.absolute()), row.text, row.path.absolute()) for row in rows]


def _why(dropped: Sequence[tuple[Row, str]]) -> str:
    if not dropped:
        return ""
    counts = Counter(reason for _, reason in dropped)
    return f"; {len(dropped)} were dropped, most often: {counts.most_common(1)[0][0]}"
