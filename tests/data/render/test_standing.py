from siga_ocr.charset import PRINTABLE
from siga_ocr.data.render.standing import HEIGHTS, LENGTHS, StandingSet, standing_sets
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle

SETS = {standing.name: standing for standing in standing_sets(RenderStyle())}


def first(name: str, count: int = 6) -> list[str]:
    return [crop.text for crop in SETS[name].crops(count)]


def test_there_is_a_set_for_each_family() -> None:
    for name, _ in DEFAULT_FAMILIES:
        assert {crop.family for crop in SETS[f"family-{name}"].crops(2)} == {name}


def test_lengths_and_heights_are_what_their_names_say() -> None:
    for low, high in LENGTHS:
        assert all(low <= len(text) <= high for text in first(f"length-{low}-{high}"))
    for height in HEIGHTS:
        for crop in SETS[f"height-{height}"].crops(3):
            assert crop.image.shape[0] == crop.glyph_map.shape[0] == height


def test_blanks_are_blank_and_others_are_not() -> None:
    assert set(first("blank")) == {""}
    for name in ("repeated", "confusable", "difficulty-0", "difficulty-10"):
        assert all(text and set(text) <= set(PRINTABLE) for text in first(name))


def test_repeated_texts_repeat() -> None:
    assert sum(any(text[i] == text[i + 1] for i in range(len(text) - 1)) for text in first("repeated", 20)) >= 18


def test_the_names_differ() -> None:
    sets: tuple[StandingSet, ...] = standing_sets(RenderStyle())
    assert len({standing.name for standing in sets}) == len(sets)
