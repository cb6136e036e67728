"""The page of options says what the commands say."""

from tests.option_tables import PAGE, page


def test_the_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.option_tables"


def test_every_command_and_its_options_are_on_the_page() -> None:
    text = page()
    for expected in ("## `siga-ocr read", "## `siga-ocr data check", "`--min-confidence` `P`", "`--output`, `-o` `FILE`"):
        assert expected in text
