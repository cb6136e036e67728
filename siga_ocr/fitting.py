"""Which text of a code format the looks at a crop support most, and how much less likely it is than what they read without the format."""

from collections.abc import Sequence
from dataclasses import replace

from siga_ocr.charset import Charset
from siga_ocr.decode import Decoded
from siga_ocr.intake import Taken
from siga_ocr.long_codes import less_sure, searched
from siga_ocr.search import Search
from siga_ocr.second_looks import support, surer


def in_format(found: Decoded, search: Search, charset: Charset) -> Decoded:
    """What a search makes of one look at a crop, or of a long code that was joined of its parts."""
    if found.parts:
        return searched(found, search, charset)
    assert found.seen is not None
    return replace(search.decoded(*found.seen), log_probabilities=found.log_probabilities)


def fitted(best: tuple[Taken, Decoded], looks: Sequence[tuple[Taken, Decoded]], search: Search, charset: Charset) -> tuple[Taken, Decoded]:
    """What a search makes of a crop that was looked at so often, and is read `best` so without a format.

    Of the texts of the format that the looks read, the one with the most support is taken; its cost is by how much its support is less than that of
    what was read without the format, so that no single look is enough to force a wrong part into a right code. Without a format the
    search adds what it finds in the look that was read best.
    """
    taken, plain = best
    if not search.has_format:
        return taken, _as_sure(in_format(plain, search, charset), plain) if plain.seen or plain.parts else plain
    looks = [*looks, best] if plain.parts and plain.characters else looks
    where, chosen = surer([(one, in_format(found, search, charset)) for one, found in looks], charset)
    assert chosen.found is not None
    found = replace(chosen.found, raw_text=plain.text)
    if found.constraint_cost is not None:
        less = support(charset.encode(plain.text), looks) - support(charset.encode(chosen.text), looks)
        found = replace(found, constraint_cost=max(0.0, less))
    return where, _as_sure(replace(chosen, found=found), plain)


def _as_sure(found: Decoded, plain: Decoded) -> Decoded:
    """Less sure by as much as a second line takes from what is read without a format."""
    return replace(less_sure(found, plain.left), second_line=plain.second_line)
