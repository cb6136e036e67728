"""Rules of going on: nothing twice, nothing left out, and never with other images than before."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from siga_ocr.errors import UsageError
from siga_ocr.reading import Provenance, Reading
from siga_ocr.resume import Earlier, scan
from siga_ocr.writers import Format, make_writer

NAMES = ["a.png", 'a "b",\n\tc\r\\n\udcff.png', "=c.png", "d.png"]
READINGS = (
    Reading(NAMES[0], "ok", "A1", 0.9),
    Reading(NAMES[1], "error", error="no such file or folder"),
    Reading(NAMES[2], "review", 'B"2,', 0.1),
)
WEIGHTS = "ab" * 32
RESUMABLE = [Format.JSONL, Format.CSV, Format.TSV, Format.TABLE]


def written(form: Format, count: int = 3) -> bytes:
    stream = io.StringIO()
    writer = make_writer(form, stream, Provenance(weights_sha256=WEIGHTS))
    for reading in READINGS[:count]:
        writer.write(reading)
    return stream.getvalue().encode("utf-8", "surrogateescape")


def partial(folder: Path, content: bytes) -> Path:
    (folder / "out.partial").write_bytes(content)
    return folder / "out.partial"


def groups(*named: list[str]) -> Iterator[Iterator[str]]:
    return (iter(group) for group in named)


def left(earlier: Earlier, *named: list[str]) -> list[str]:
    return [image for group in earlier.skip(groups(*named)) for image in group]


@pytest.mark.parametrize("form", RESUMABLE)
def test_every_cut_of_a_file_goes_on_after_its_last_whole_record(tmp_path: Path, form: Format) -> None:
    ends = [len(written(form, count)) for count in range(4)]
    whole = written(form)
    for cut in range(len(whole) + 1):
        earlier = scan(partial(tmp_path, whole[:cut]), form)
        count = max(number for number in range(4) if number == 0 or ends[number] <= cut)
        assert (earlier.count, earlier.end) == (count, ends[count])
        assert earlier.statuses == {reading.status: 1 for reading in READINGS[:count]}
        assert left(earlier, NAMES) == NAMES[count:]


@pytest.mark.parametrize("form", RESUMABLE)
def test_groups_stay_groups_and_whole_ones_are_passed_over(tmp_path: Path, form: Format) -> None:
    earlier = scan(partial(tmp_path, written(form)), form)
    assert [list(group) for group in earlier.skip(groups(NAMES[:2], NAMES[2:], ["e.png"]))] == [[], ["d.png"], ["e.png"]]


@pytest.mark.parametrize("form", RESUMABLE)
def test_other_images_than_before_are_refused(tmp_path: Path, form: Format) -> None:
    earlier = scan(partial(tmp_path, written(form)), form)
    with pytest.raises(UsageError, match=r"record of 'a\.png' where 'new\.png'"):
        left(earlier, ["new.png", *NAMES])
    with pytest.raises(UsageError, match=r"=c\.png"):
        left(earlier, NAMES[:2])


def test_without_an_earlier_run_all_are_left(tmp_path: Path) -> None:
    earlier = scan(tmp_path / "absent", Format.CSV)
    assert (earlier.count, earlier.end, left(earlier, NAMES)) == (0, 0, NAMES)


@pytest.mark.parametrize("form", RESUMABLE)
def test_other_formats_than_before_are_refused(tmp_path: Path, form: Format) -> None:
    for other in set(RESUMABLE) - {form}:
        with pytest.raises(UsageError, match=f"no {form} record"):
            scan(partial(tmp_path, written(other)), form)


def test_text_names_no_image(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not --format text"):
        scan(tmp_path / "absent", Format.TEXT)


def test_other_weights_than_before_are_refused(tmp_path: Path) -> None:
    earlier = scan(partial(tmp_path, written(Format.CSV)), Format.CSV)
    earlier.check_weights(WEIGHTS)
    with pytest.raises(UsageError, match="other weights"):
        earlier.check_weights("cd" * 32)
