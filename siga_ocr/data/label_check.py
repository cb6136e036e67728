"""All that can be wrong with a labelled set before anything is trained on it, row by row, and what of it stays."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from siga_ocr.data.duplicates import LookIndex
from siga_ocr.data.image_facts import ImageFacts
from siga_ocr.data.label_images import image_exists
from siga_ocr.data.label_rows import Row
from siga_ocr.data.label_text import examine
from siga_ocr.data.labels import LabelRules

MIN_HEIGHT, MIN_WIDTH = 8, 4
"""Pixels below which a crop holds no character that could be read."""


class Kind(StrEnum):
    """What is wrong; blanks and look-alikes are mended, rows with anything else are dropped."""

    BLANKS = "blanks"
    LOOK_ALIKE = "look-alike"
    EMPTY = "empty text"
    CHARSET = "unknown character"
    TOO_LONG = "too long"
    MISSING = "missing"
    CORRUPT = "corrupt"
    TINY = "tiny"
    TWO_LABELS = "two labels"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near-duplicate"


MENDED = frozenset({Kind.BLANKS, Kind.LOOK_ALIKE})


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one row, in `detail`; `suggestion` is the text as it should be, where that is known."""

    row: Row
    kind: Kind
    detail: str
    suggestion: str = ""


@dataclass(frozen=True)
class Report:
    """`findings` in the order of the rows; `kept` are the rows without those that are dropped, their texts mended."""

    row_count: int
    findings: tuple[Finding, ...]
    kept: tuple[Row, ...]

    @property
    def dropped(self) -> list[tuple[Row, str]]:
        """Each dropped row as it was written, with its reasons."""
        reasons: dict[Row, list[str]] = {}
        for finding in self.findings:
            if finding.kind not in MENDED:
                reasons.setdefault(finding.row, []).append(f"{finding.kind}: {finding.detail}")
        return [(row, "; ".join(details)) for row, details in reasons.items()]

    @property
    def counts(self) -> Counter[Kind]:
        """How often each kind was found."""
        return Counter(finding.kind for finding in self.findings)


def check(rows: Sequence[Row], rules: LabelRules, images: Iterable[ImageFacts | str]) -> Report:
    """Look at every row; `images` are the facts of the rows' images in their order, or why one cannot be opened."""
    checking = _Checking(rows, rules)
    facts: dict[int, ImageFacts] = {}
    for place, image in enumerate(images):
        checking.examine_text(place)
        if isinstance(image, str):
            checking.tell_unreadable(place, image)
        elif image.height < MIN_HEIGHT or image.width < MIN_WIDTH:
            checking.tell(place, Kind.TINY, f"{image.width} x {image.height} pixels")
        elif place not in checking.dropped:
            facts[place] = image
    checking.compare(facts)
    findings = tuple(finding for place in sorted(checking.findings) for finding in checking.findings[place])
    kept = tuple(replace(row, text=checking.texts[place]) for place, row in enumerate(rows) if place not in checking.dropped)
    return Report(len(rows), findings, kept)


@dataclass
class _Checking:
    """What has been found so far, by the number of the row."""

    rows: Sequence[Row]
    rules: LabelRules
    findings: defaultdict[int, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[int, str] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def tell(self, place: int, kind: Kind, detail: str, suggestion: str = "") -> None:
        self.findings[place].append(Finding(self.rows[place], kind, detail, suggestion))
        if kind not in MENDED:
            self.dropped.add(place)

    def examine_text(self, place: int) -> None:
        found = examine(self.rows[place].text, self.rules.charset)
        self.texts[place] = found.mended
        if found.blanks:
            self.tell(place, Kind.BLANKS, found.blanks, found.mended)
        if found.look_alikes:
            self.tell(place, Kind.LOOK_ALIKE, found.look_alikes, found.mended)
        if found.unknown:
            self.tell(place, Kind.CHARSET, f"the model does not know {found.unknown}")
        if not found.mended and not self.rules.allow_blank:
            self.tell(place, Kind.EMPTY, "the row has no text")
        if len(found.mended) > self.rules.max_length:
            self.tell(place, Kind.TOO_LONG, f"{len(found.mended)} characters, and the model reads {self.rules.max_length}")

    def tell_unreadable(self, place: int, reason: str) -> None:
        row = self.rows[place]
        if not row.file:
            self.tell(place, Kind.MISSING, "the row names no file")
        elif image_exists(row.path):
            self.tell(place, Kind.CORRUPT, reason)
        else:
            self.tell(place, Kind.MISSING, f"there is no {row.path}")

    def compare(self, facts: dict[int, ImageFacts]) -> None:
        """Find pictures that come more than once."""
        same: dict[bytes, list[int]] = {}
        for place, image in facts.items():
            same.setdefault(image.pixels_sha256, []).append(place)
        for places in same.values():
            self._compare_same(places)
        index = LookIndex(len(facts))
        for place, image in facts.items():
            if place in self.dropped:
                continue
            self._compare_near(place, index.near(image, self.texts[place]))
            if place not in self.dropped:
                index.add(place, image, self.texts[place])

    def _compare_same(self, places: list[int]) -> None:
        first, *others = places
        if len({self.texts[place] for place in places}) == 1:
            for place in others:
                self.tell(place, Kind.DUPLICATE, f"the same picture as {self._named(first)}")
            return
        for place in places:
            other = next(one for one in places if self.texts[one] != self.texts[place])
            self.tell(place, Kind.TWO_LABELS, f"the same picture as {self._named(other)}, which says {self.texts[other]!r}")

    def _compare_near(self, place: int, near: list[int]) -> None:
        """Against earlier rows; where labels contradict each other, nobody knows which is right, and both are dropped."""
        contrary = [other for other in near if self.texts[other] != self.texts[place]]
        for other in contrary:
            self._tell_contrary(other, place)
        if contrary:
            self._tell_contrary(place, contrary[0])
        elif near:
            self.tell(place, Kind.NEAR_DUPLICATE, f"nearly the same picture as {self._named(near[0])}")

    def _tell_contrary(self, place: int, other: int) -> None:
        if all(finding.kind is not Kind.TWO_LABELS for finding in self.findings[place]):
            self.tell(place, Kind.TWO_LABELS, f"nearly the same picture as {self._named(other)}, which says {self.texts[other]!r}")

    def _named(self, place: int) -> str:
        return f"{self.rows[place].file} (line {self.rows[place].line})"
