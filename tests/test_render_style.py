import json
from dataclasses import asdict

import pytest

from siga_ocr.errors import UsageError
from siga_ocr.render_style import DEFAULT_FAMILIES, RANDOM_WORDS, RenderStyle, family_style


def test_the_default_mixture_adds_up_to_one() -> None:
    assert sum(weight for _, weight in DEFAULT_FAMILIES) == pytest.approx(1.0)


def test_a_style_can_be_written_as_json() -> None:
    read = json.loads(json.dumps(asdict(RenderStyle())))
    families = tuple((name, weight) for name, weight in read.pop("families"))
    assert RenderStyle(**read, families=families) == RenderStyle()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("difficulty", 1.5),
        ("blank", -0.1),
        ("upside_down", 2.0),
        ("max_length", 0),
        ("families", (("graffiti", 1.0),)),
        ("families", (("print", 0.0),)),
        ("families", (("print", 1.0), ("print", 1.0))),
        ("families", (("print", -1.0), ("label", 2.0))),
    ],
)
def test_a_style_refuses_what_it_cannot_render(field: str, value: object) -> None:
    with pytest.raises(UsageError):
        RenderStyle(**{field: value})  # type: ignore[arg-type]


def test_one_family_can_be_asked_for_by_name() -> None:
    assert family_style("peen", RenderStyle()).families == (("peen", 1.0),)
    assert family_style("mixture", RenderStyle()) == RenderStyle()


def test_random_words_are_asked_for_by_name_alone_and_are_never_blank() -> None:
    assert RANDOM_WORDS not in dict(DEFAULT_FAMILIES)
    style = family_style(RANDOM_WORDS, RenderStyle())
    assert (style.families, style.blank, style.max_length) == (((RANDOM_WORDS, 1.0),), 0.0, 25)


def test_unknown_faults_and_letterings_are_refused_with_the_known_ones_named() -> None:
    with pytest.raises(UsageError, match="glare"):
        RenderStyle(fault="earthquake")
    with pytest.raises(UsageError, match="condensed"):
        RenderStyle(lettering="runes")


def test_a_style_of_one_fault_is_clean_otherwise() -> None:
    assert RenderStyle(fault="glare", difficulty=1.0).difficulty == 0.0
