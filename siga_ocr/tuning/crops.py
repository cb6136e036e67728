"""The user's crops before a fine-tuning: what of them can be used, what is dropped for which reason, and which of them validate."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from siga_ocr.assessing.scored_set import Rows
from siga_ocr.config import ModelConfig
from siga_ocr.data.duplicates import doubles
from siga_ocr.data.image_facts import ImageFacts, scan
from siga_ocr.data.label_check import Finding, Kind, Report, check
from siga_ocr.data.label_images import is_store
from siga_ocr.data.label_output import dropped_table, label_table, write_tables
from siga_ocr.data.label_rows import LabelSource, Row, find_table, read_rows
from siga_ocr.data.label_text import examine
from siga_ocr.data.labels import ORIENTATION_NAME, LabelRules, part_of, turned_files
from siga_ocr.data.split import SplitOptions, split
from siga_ocr.engines.device import core_count
from siga_ocr.errors import LabelError, NoInputError

TRAIN, VALIDATION, REPLAY, DROPPED = "train.csv", "val.csv", "replay.csv", "dropped.csv"

SHARE, MOST_VALIDATING = 0.2, 2000
"""The part of the crops that validates where no other set is given, and how many at most."""

FEWEST = 4
"""Crops below which there is nothing to divide."""

FEWEST_BESIDE = 2
"""Crops to learn from, where others validate."""

_NOT_FITTING = frozenset({Kind.CHARSET, Kind.TOO_LONG})
_KEPT = frozenset({Kind.NEAR_DUPLICATE, Kind.BLANKS, Kind.LOOK_ALIKE})
"""Pictures that are nearly the same are learned from, and stay on one side of a split; the others are mended."""


@dataclass(frozen=True)
class Crops:
    """Where crops come from: `own` to learn from, `validation` (where none is given, a part of the own ones), which `rows` of them, and `replay`
    of other lines, which the model is not to forget."""

    own: Path
    validation: Path | None = None
    rows: Rows = field(default_factory=Rows)
    replay: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """Tables that lie in the run folder now: rows to learn from, rows that validate, rows of the replay (0 where there is none); reasons of
    dropped rows with their number. Where the program has divided them, both sides have other `texts_apart`."""

    train: int
    validation: int
    texts: int
    dropped: tuple[tuple[str, int], ...]
    replay: int = 0
    texts_apart: bool = True


@dataclass(frozen=True)
class Divided:
    """Crops that can be used, on their two sides and of the replay, and the rows that were dropped; nothing is written yet."""

    train: list[Row]
    validation: list[Row]
    replay: list[Row]
    dropped: list[tuple[Row, str]]
    texts_apart: bool

    def write(self, folder: Path) -> Prepared:
        """Write the tables of a run.

        Raises:
            DiskError: they cannot be written.
        """
        rows = {TRAIN: self.train, VALIDATION: self.validation, **({REPLAY: self.replay} if self.replay else {})}
        if not self.replay:
            (folder / REPLAY).unlink(missing_ok=True)  # of a start that was broken off
        tables = {folder / name: label_table(_placed(side), folder / name) for name, side in rows.items()}
        write_tables({**tables, folder / DROPPED: dropped_table(self.dropped)})
        counts = tuple(Counter(reason.split(":")[0] for _, reason in self.dropped).most_common())
        texts = len({row.text for row in self.train})
        return Prepared(len(self.train), len(self.validation), texts, counts, len(self.replay), self.texts_apart)


def divide(crops: Crops, model: ModelConfig, seed: int) -> Divided:
    """Check and divide the crops; equal texts and nearly equal pictures stay on one side, and no picture that validates is learned from.

    Raises:
        NoInputError: a set has no rows.
        LabelError: a label does not fit the model, a table cannot be read, or too few crops are left.
    """
    rules = LabelRules(charset=model.charset, max_length=model.max_length)
    replay = _replay(crops.replay, crops.rows, rules) if crops.replay else _Usable([], [], [])
    own = _usable(crops.own, crops.rows, rules)
    if len(own.rows) < (FEWEST_BESIDE if crops.validation else FEWEST):
        raise LabelError(f"{crops.own} has {len(own.rows)} usable crops, which are too few to learn from{_why(own.dropped)}.")
    if crops.validation:
        apart = _usable(crops.validation, crops.rows, rules)
        if not apart.rows:
            raise LabelError(f"{crops.validation} has no usable crop{_why(apart.dropped)}.")
        own = _without(own, apart, "Every crop to learn from is among those that validate, or nearly: name other crops with --val, or none.")
    else:
        own, apart = _split(own, seed)
    if crops.replay:
        replay = _without(replay, apart, f"Every crop of {crops.replay} is among those that validate, or nearly: leave --replay away.")
    dropped = [*own.dropped, *apart.dropped, *replay.dropped]
    return Divided(own.rows, apart.rows, replay.rows, dropped, texts_apart=crops.validation is None)


@dataclass(frozen=True)
class _Usable:
    rows: list[Row]
    images: list[ImageFacts | str]
    dropped: list[tuple[Row, str]]

    @property
    def texts(self) -> list[str]:
        return [row.text for row in self.rows]

    def only(self, places: Iterable[int], dropped: list[tuple[Row, str]]) -> "_Usable":
        """Some of the rows, with other dropped ones."""
        kept = list(places)
        return _Usable([self.rows[place] for place in kept], [self.images[place] for place in kept], dropped)


def _usable(path: Path, wanted: Rows, rules: LabelRules, *, with_misfits: bool = False) -> _Usable:
    """What can be learned from; labels that do not fit the model are an error, or, `with_misfits`, dropped like the others."""
    rows = list(_wanted(path, wanted))
    if not rows:
        raise NoInputError(f"{path} has no rows, or none that were asked for: give every crop one, with the columns file and text.")
    images = list(scan((row.path for row in rows), core_count()))
    report = check(rows, rules, images)
    if not with_misfits:
        _refuse_misfits(path, report.findings)
    reasons = _reasons(report)
    kept = [place for place, row in enumerate(rows) if row not in reasons]
    mended = [replace(rows[place], text=examine(rows[place].text, rules.charset).mended) for place in kept]
    return _Usable(mended, [images[place] for place in kept], [(row, "; ".join(why)) for row, why in reasons.items()])


def _replay(path: Path, wanted: Rows, rules: LabelRules) -> _Usable:
    """Crops of other lines: what the model cannot write it cannot forget. They may lie in another kind of set than the user's crops."""
    table = find_table(path)
    is_folder_of_images = path.is_dir() and not is_store(path) and not table.exists()
    names = wanted.names if is_folder_of_images else ""
    upright = wanted.upright and (table.parent / ORIENTATION_NAME).exists()
    found = _usable(path, replace(wanted, names=names, upright=upright), rules, with_misfits=True)
    if not found.rows:
        raise LabelError(f"{path} has no usable crop{_why(found.dropped)}: name another set with --replay, or none.")
    return found


def _split(own: _Usable, seed: int) -> tuple[_Usable, _Usable]:
    """Most of the crops, and those that validate."""
    share = min(SHARE, MOST_VALIDATING / len(own.rows))
    options = SplitOptions(share, seed, remedy="give more, or name other crops to check on with --val")
    validating = set(split(own.rows, options, own.images).validation)
    places = range(len(own.rows))
    train = own.only((place for place in places if own.rows[place] not in validating), own.dropped)
    return train, own.only((place for place in places if own.rows[place] in validating), [])


def _without(own: _Usable, apart: _Usable, nothing_left: str) -> _Usable:
    """Crops to learn from without pictures that validate, or nearly: they would be known by heart."""
    found = doubles(own.images, own.texts, apart.images, apart.texts)
    dropped = [
        (row, f"in both sets: the same picture as {apart.rows[place].path}, or nearly, which validates")
        for row, place in zip(own.rows, found, strict=True)
        if place is not None
    ]
    left = own.only((place for place, double in enumerate(found) if double is None), [*own.dropped, *dropped])
    if not left.rows:
        raise LabelError(nothing_left)
    return left


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
