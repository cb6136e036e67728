"""Rules of the page of `read --report`, in a headless Chromium where there is one."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
EVIL = "<script>document.title='evil'<!--&'\".png"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with `in/` of five crops, one of a name that would be a script, and a file that is no image."""
    (tmp_path / "in").mkdir()
    for number, name in enumerate(("a.png", "b.png", "c.png", "d, d.png", EVIL.replace("/", ""))):
        pixels = np.random.default_rng(number).integers(0, 256, (30, 90 + 40 * number, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / name)
    (tmp_path / "in" / "bad.png").write_text("no image")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(model: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["read", "in", "--report", "page.html", "--model", str(model), "--device", "cpu", *more])


@pytest.fixture
def made(work: Path, tiny_model_folder: Path) -> Path:
    """The page of the five crops, nothing of which is accepted."""
    assert report(tiny_model_folder, "--min-confidence", "1").exit_code == ExitCode.NOT_ALL
    return work / "page.html"


def test_the_page_loads_nothing_and_escapes_what_is_foreign(made: Path) -> None:
    html = made.read_text()
    assert not re.findall(r"""(?:src|href)\s*=|https?://|@import|url\(""", html.replace("image.src =", "").replace("link.href =", ""))
    assert "default-src 'none'" in html
    assert "<script>document" not in html
    assert "<!--" not in html
    rows = json.loads(html.split('<script type="application/json" id="rows">')[1].split("</script>")[0])
    assert sorted(row["file"] for row in rows) == sorted(str(path) for path in Path("in").iterdir())
    assert all(("picture" in row) == (row["status"] != "error") for row in rows)


@pytest.mark.usefixtures("work")
def test_records_are_those_of_a_run_without_a_page(tiny_model_folder: Path) -> None:
    plain = CliRunner().invoke(app, ["read", "in", "--model", str(tiny_model_folder), "--device", "cpu", "--format", "table"])
    assert report(tiny_model_folder, "--format", "table").stdout == plain.stdout
    assert Path("page.html").is_file()
    assert not Path("page.html.partial").exists()


@pytest.mark.usefixtures("work")
def test_a_page_that_cannot_be_whole_is_refused(tiny_model_folder: Path) -> None:
    assert report(tiny_model_folder, "--resume", "-o", "out.jsonl").exit_code == ExitCode.USAGE
    assert CliRunner().invoke(app, ["read", "in", "--report", "none/page.html"]).exit_code == ExitCode.DISK


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "page.html"], "--output and --report both name page.html"),
        (["-o", "in/../page.html", "--force"], "--output and --report both name page.html"),
        (["--attention", "page.html"], "--report and --attention both name page.html"),
        (["-o", "seen", "--attention", "seen/"], "--output and --attention both name seen"),
    ],
)
def test_two_results_of_one_name_are_refused_before_anything_is_written(tiny_model_folder: Path, arguments: list[str], said: str) -> None:
    before = sorted(Path().iterdir())
    done = report(tiny_model_folder, *arguments)
    assert (done.exit_code, sorted(Path().iterdir())) == (ExitCode.USAGE, before)
    assert said in done.stderr


@pytest.mark.usefixtures("work")
def test_what_keeps_nothing_takes_records_and_page(tiny_model_folder: Path) -> None:
    assert report(tiny_model_folder, "--report", "/dev/null", "-o", "/dev/null", "--exit-zero").exit_code == ExitCode.OK


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: "Browser", made: Path) -> Iterator["Page"]:
    page, faults = browser.new_page(), list[str]()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.goto(made.as_uri())
    yield page
    assert faults == []
    page.close()


def test_three_readings_are_corrected_and_downloaded_for_training(page: "Page", tiny_model_folder: Path, tmp_path: Path) -> None:
    assert page.locator(".crop").count() == 6
    assert page.locator(".crop .dim >> nth=0").inner_text().startswith(("review", "error"))
    page.select_option("#show", "review")
    page.select_option("#order", "file")
    assert page.locator(".crop").count() == 5
    page.fill("#search", ".PNG")
    assert page.locator(".crop").count() == 5
    names = [page.locator(".crop").nth(place).get_attribute("aria-label") for place in range(3)]
    page.locator(".crop input").nth(0).focus()
    for text in ("A 1", "B2", "C3"):
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
        page.keyboard.press("Enter")  # goes on to the next box
    assert "3 labelled" in page.locator("#counts").inner_text()
    with page.expect_download() as waiting:
        page.click("#download")
    (tmp_path / "elsewhere").mkdir()
    table = tmp_path / "elsewhere" / waiting.value.suggested_filename
    waiting.value.save_as(table)
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["file"], row["text"]) for row in rows] == [
        (str(Path(str(name)).absolute()), text) for name, text in zip(names, ("A1", "B2", "C3"), strict=True)
    ]
    done = CliRunner().invoke(app, ["data", "check", str(table), "--model", str(tiny_model_folder), "--doubts", "0"])
    assert done.exit_code == ExitCode.OK, done.output


def test_labels_outlive_a_reload_and_escape_takes_one_back(page: "Page") -> None:
    page.locator(".crop input").nth(1).press("Enter")
    page.reload()
    assert "1 labelled" in page.locator("#counts").inner_text()
    page.locator(".crop input").nth(1).press("Escape")
    assert "0 labelled" in page.locator("#counts").inner_text()
    assert page.locator("#download").is_disabled()


def test_a_character_shows_where_it_was_seen_to_mouse_and_keyboard(page: "Page") -> None:
    character = page.locator(".text span").first
    character.focus()
    assert page.locator(".view canvas").count() == 1
    character.blur()
    assert page.locator(".view canvas").count() == 0
    character.hover()
    assert page.locator(".view canvas").count() == 1


def test_the_title_is_not_changed_by_a_name(page: "Page") -> None:
    assert page.title().startswith("Readings of ")


def test_labels_of_turned_crops_are_told_and_left_out(browser: "Browser", work: Path, tiny_model_folder: Path) -> None:
    assert report(tiny_model_folder, "--orientation", "180").exit_code == ExitCode.NOT_ALL  # one is no image
    page = browser.new_page()
    page.goto((work / "page.html").as_uri())
    page.select_option("#show", "ok")
    assert "turned by 180°" in page.locator(".crop").first.inner_text()
    page.locator(".crop input").first.press("Enter")
    assert "1 labelled, 1 of them not in labels.csv" in page.locator("#counts").inner_text()
    assert page.locator("#download").is_disabled()
    page.close()


def test_a_label_is_what_was_read_and_not_what_stands_for_unsure_characters(work: Path, tiny_model_folder: Path) -> None:
    assert report(tiny_model_folder, "--unknown", "?", "--min-character-confidence", "1").exit_code == ExitCode.NOT_ALL
    rows = json.loads((work / "page.html").read_text().split('<script type="application/json" id="rows">')[1].split("</script>")[0])
    read = [row for row in rows if row["status"] != "error"]
    assert [row["text"] for row in read] == ["".join(one[0] for one in row["characters"]) for row in read]
    assert any(row["text"] for row in read)


def test_a_page_is_no_stdout(work: Path, tiny_model_folder: Path) -> None:
    refused = CliRunner().invoke(app, ["read", "in", "--report", "-", "--model", str(tiny_model_folder)])
    assert refused.exit_code == ExitCode.USAGE
    assert "name a file" in refused.stderr
    assert not (work / "-").exists()
