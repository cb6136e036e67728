"""The recognisers of `docs/plug-in.md`, taken from the page itself."""

import re
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).parents[1] / "docs" / "plug-in.md"


def listings() -> list[str]:
    """The page's listings, in order: the plain recogniser, then what glyph attention adds."""
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def page() -> ModuleType:
    """What the listings define, run one after the other as they stand."""
    module = ModuleType("plug_in_page")
    for number, listing in enumerate(listings(), 1):
        exec(compile(listing, f"{PAGE.name}, listing {number}", "exec"), module.__dict__)
    return module
