"""A labelled set with every fault: each is found, what stays is clean, and sides of a split share nothing."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from siga_ocr.charset import PRINTABLE, Charset
from siga_ocr.data.duplicates import LookIndex
from siga_ocr.data.image_facts import ImageFacts, difference_hash, facts_of, scan
from siga_ocr.data.label_check import Kind, Report, check
from siga_ocr.data.label_output import check_free, dropped_table, label_table, write_tables
from siga_ocr.data.label_rows import LabelSource, Row, read_rows
from siga_ocr.data.label_text import examine
from siga_ocr.data.labels import LabelRules
from siga_ocr.data.split import SplitOptions, split
from siga_ocr.errors import DiskError, LabelError, UsageError

RULES = LabelRules(charset=Charset(PRINTABLE), max_length=8)


def picture(seed: int, width: int = 120) -> Image.Image:
    """A smooth random picture: no two seeds look alike."""
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, 40), Image.Resampling.BICUBIC)


def checked(folder: Path) -> Report:
    rows = list(read_rows(LabelSource(folder)))
    return check(rows, RULES, scan((row.path for row in rows), 2))


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    for name in range(12):
        picture(name).save(tmp_path / f"{name}.png")
    picture(0).save(tmp_path / "same.bmp")
    picture(1).save(tmp_path / "again.jpg", quality=90)
    picture(2).save(tmp_path / "other.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "3.png").read_bytes()[:200])
    picture(50).resize((30, 5)).save(tmp_path / "tiny.png")
    rows = ["0.png,A0", "1.png,A1", "2.png,A2", "3.png,A3", "4.png,", "5.png,ABCDEFGHI", "6.png,Ä1", "7.png,АВ1", "8.png, A 8 "]
    rows += ["gone.png,A", "broken.png,A", "tiny.png,A", "same.bmp,A0", "again.jpg,A1", "other.png,B2", ",A"]
    (tmp_path / "labels.csv").write_text("file,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_every_fault_is_found_once(faulty: Path) -> None:
    report = checked(faulty)
    assert [(finding.row.file, finding.kind) for finding in report.findings] == [
        ("2.png", Kind.TWO_LABELS),
        ("4.png", Kind.EMPTY),
        ("5.png", Kind.TOO_LONG),
        ("6.png", Kind.CHARSET),
        ("7.png", Kind.LOOK_ALIKE),
        ("8.png", Kind.BLANKS),
        ("gone.png", Kind.MISSING),
        ("broken.png", Kind.CORRUPT),
        ("tiny.png", Kind.TINY),
        ("same.bmp", Kind.DUPLICATE),
        ("again.jpg", Kind.NEAR_DUPLICATE),
        ("other.png", Kind.TWO_LABELS),
        ("", Kind.MISSING),
    ]
    assert [(row.file, row.text) for row in report.kept] == [("0.png", "A0"), ("1.png", "A1"), ("3.png", "A3"), ("7.png", "AB1"), ("8.png", "A8")]
    assert [row.file for row, _ in report.dropped] == [f.row.file for f in report.findings if f.row.file not in ("7.png", "8.png")]


def test_what_is_kept_is_clean_wherever_it_is_written(faulty: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    report = checked(faulty)
    for folder in (faulty / "clean", tmp_path_factory.mktemp("elsewhere")):
        folder.mkdir(exist_ok=True)
        fixed, dropped = folder / "labels.csv", folder / "dropped.csv"
        write_tables({dropped: dropped_table(report.dropped), fixed: label_table(report.kept, fixed)})
        again = checked(folder)
        assert not again.findings
        assert [(row.path.resolve(), row.text) for row in again.kept] == [(row.path.resolve(), row.text) for row in report.kept]
        with dropped.open(encoding="utf-8", newline="") as stream:
            reasons = {row["file"]: row["reason"] for row in csv.DictReader(stream)}
        assert reasons["same.bmp"] == "duplicate: the same picture as 0.png (line 2)"
        assert len(reasons) + len(again.kept) == report.row_count


def test_other_columns_and_whole_paths_stay(tmp_path: Path) -> None:
    picture(1).save(tmp_path / "a.png")
    row = Row(2, str(tmp_path / "a.png"), "A", tmp_path / "a.png", (("machine", "m1"),))
    assert list(label_table([row], tmp_path / "out.csv")) == [("file", "text", "machine"), (str(tmp_path / "a.png"), "A", "m1")]


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> object:
        yield ("file", "text")
        raise OSError(28, "No space left on device")

    with pytest.raises(DiskError):
        write_tables({tmp_path / "a.csv": [("file",)], tmp_path / "b.csv": failing()})  # type: ignore[dict-item]
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_there_are_not_replaced_unasked(tmp_path: Path) -> None:
    labels, other = tmp_path / "labels.csv", tmp_path / "other.csv"
    labels.touch()
    check_free([other], False, labels)
    other.touch()
    check_free([other], True, labels)
    for paths, force in (([other], False), ([labels], True), ([tmp_path / "none" / "a.csv"], True), ([tmp_path], True)):
        with pytest.raises(UsageError):
            check_free(paths, force, labels)


@pytest.mark.parametrize(
    ("text", "mended", "blanks", "look_alikes", "unknown"),
    [
        ("A1", "A1", "", "", ""),
        (" A1", "A1", "start", "", ""),
        ("A1\u00a0", "A1", "NO-BREAK SPACE", "", ""),
        ("A 1", "A1", "inside", "", ""),
        ("A\u200b1", "A1", "ZERO WIDTH SPACE", "", ""),
        ("\u0410\u03921", "AB1", "", "CYRILLIC CAPITAL LETTER A) looks like 'A'|U+0392", ""),
        ("\uff21\uff11", "A1", "", "FULLWIDTH", ""),
        ("\u2013X1", "-X1", "", "EN DASH", ""),
        ("A\u0308", "\u00c4", "", "", "U+00C4"),
        ("\u00d81", "\u00d81", "", "", "U+00D8"),
    ],
)
def test_characters_are_examined(text: str, mended: str, blanks: str, look_alikes: str, unknown: str) -> None:
    found = examine(text, Charset(PRINTABLE))
    assert found.mended == mended
    for wanted, given in ((blanks, found.blanks), (look_alikes, found.look_alikes), (unknown, found.unknown)):
        assert bool(wanted) == bool(given)
        assert all(part in given for part in wanted.split("|"))


def test_what_the_model_knows_is_no_look_alike() -> None:
    assert examine("А-1\u00c4", Charset(PRINTABLE + "АÄ")).mended == "А-1\u00c4"


def printed(text: str, noise: int) -> Image.Image:
    """A serial number before a camera that stands still."""
    image = Image.new("L", (240, 40), 120)
    ImageDraw.Draw(image).text((10, 4), text, fill=30, font_size=28)
    lamp = np.linspace(0, 60, 240)
    pixels = np.asarray(image, dtype=np.float64) + lamp + np.random.default_rng(noise).normal(0, 3, (40, 240))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def facts(image: Image.Image, folder: Path) -> ImageFacts:
    image.save(folder / "made.png")
    return facts_of(folder / "made.png")


def test_a_picture_is_known_again_and_the_next_serial_number_is_another(tmp_path: Path) -> None:
    index = LookIndex(1)
    first = facts(printed("SN0042713", 1), tmp_path)
    index.add(7, first, "SN0042713")
    assert index.near(facts(printed("SN0042713", 2), tmp_path), "SN0042713") == [7]
    assert index.near(facts(ImageEnhance.Brightness(printed("SN0042713", 3)).enhance(1.1), tmp_path), "another label") == [7]
    other = facts(printed("SN0042718", 4), tmp_path)
    assert (first.look ^ other.look).bit_count() <= 3, "the hash alone takes them for the same"
    assert index.near(other, "SN0042718") == []
    assert index.near(facts(picture(1), tmp_path), "SN0042713") == []


def test_all_hashes_within_three_bits_are_found(tmp_path: Path) -> None:
    one = facts(picture(3), tmp_path)
    generator = np.random.default_rng(0)
    for distance in (0, 1, 2, 3, 4, 9):
        index = LookIndex(1)
        flipped = sum(1 << int(bit) for bit in generator.choice(64, distance, replace=False))
        index.add(0, replace(one, look=one.look ^ flipped), "A")
        assert index.near(one, "A") == ([0] if distance <= 3 else [])


def test_the_hash_is_that_of_falling_brightness() -> None:
    ramp = Image.fromarray(np.tile(np.arange(90, dtype=np.uint8), (80, 1)))
    assert difference_hash(ramp) == 0
    assert difference_hash(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == 2**64 - 1


def labelled(texts: list[str], extra: list[str] | None = None) -> list[Row]:
    return [Row(n + 2, f"run{n % 5}/{n}.png", text, Path(f"{n}.png"), (("part", extra[n]),) if extra else ()) for n, text in enumerate(texts)]


def test_equal_texts_stay_together_and_the_share_is_met() -> None:
    rows = labelled([f"T{n % 90}" for n in range(400)])
    found = split(rows, SplitOptions(share=0.25, seed=3))
    assert {row.text for row in found.train}.isdisjoint(row.text for row in found.validation)
    assert sorted((*found.train, *found.validation), key=lambda row: row.line) == rows
    assert abs(len(found.validation) - 100) <= 4
    assert split(rows, SplitOptions(share=0.25, seed=3)) == found
    assert split(rows, SplitOptions(share=0.25, seed=4)) != found


def test_groups_can_be_a_column_or_a_part_of_the_path() -> None:
    rows = labelled([f"T{n}" for n in range(50)], [f"p{n % 7}" for n in range(50)])
    by_part = split(rows, SplitOptions(group="part"))
    assert {row.extra for row in by_part.train}.isdisjoint(row.extra for row in by_part.validation)
    by_run = split(rows, SplitOptions(group=r"^(run\d)/"))
    assert {row.file[:4] for row in by_run.train}.isdisjoint(row.file[:4] for row in by_run.validation)
    assert by_run.unit_count == 5
    with pytest.raises(LabelError, match="does not fit"):
        split(rows, SplitOptions(group="camera"))
    with pytest.raises(UsageError):
        split(rows, SplitOptions(group="(part"))


def test_nearly_equal_pictures_stay_together(tmp_path: Path) -> None:
    rows = labelled([f"T{n}" for n in range(20)])
    images = [facts(ImageEnhance.Brightness(picture(n // 2)).enhance(1 + n % 2 / 50), tmp_path) for n in range(20)]
    for seed in range(5):
        found = split(rows, SplitOptions(share=0.3, seed=seed), images)
        assert found.unit_count == 10
        assert {(row.line - 2) // 2 for row in found.train}.isdisjoint((row.line - 2) // 2 for row in found.validation)


def test_what_cannot_be_split_is_told() -> None:
    with pytest.raises(LabelError, match="belong together"):
        split(labelled(["A", "A", "A"]), SplitOptions())
    with pytest.raises(LabelError, match="pictures: give others"):
        split(labelled(["A", "A", "A"]), SplitOptions(remedy="give others"))
    with pytest.raises(UsageError):
        SplitOptions(share=1.0)
