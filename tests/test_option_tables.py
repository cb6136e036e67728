"""Each command has a page, whose table of options says what the command says."""

from pathlib import Path

import pytest

from tests.option_tables import filled, pages

PAGES = pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_page_says_what_the_command_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == filled(path, PAGES[path]), "run python -m tests.option_tables"


def test_tables_hold_names_values_and_every_command_of_a_group() -> None:
    tables = {path.stem: table for path, table in PAGES.items()}
    assert {"read", "verify", "watch", "data", "models", "config", "doctor"} <= set(tables)
    assert "| `--min-confidence` `P` |  |" in tables["read"]
    assert "| `--orientation` `0\\|90\\|180\\|270\\|auto` | `0` |" in tables["read"]
    assert "| `--output`, `-o` `FILE` |" in tables["watch"]
    for command in ("check", "split"):
        assert f"### `siga-ocr data {command} " in tables["data"]
