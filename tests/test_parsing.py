"""Rules of turning parsed JSON into dataclasses."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

import pytest

from siga_ocr.config import ModelConfig, compact
from siga_ocr.errors import UsageError
from siga_ocr.parsing import build


@dataclass(frozen=True)
class Inner:
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    count: int
    kind: Literal["a", 3] = "a"
    pair: tuple[int, int] = (1, 2)
    many: tuple[float, ...] = ()
    inner: Inner = Inner()
    flag: bool = False


def test_what_is_given_is_taken_and_the_rest_keeps_its_default() -> None:
    built = build(Outer, {"count": 3, "kind": 3, "pair": [5, 6], "many": [1, 0.5], "inner": {"share": 1}}, "top")
    assert built == Outer(3, 3, (5, 6), (1.0, 0.5), Inner(1.0))
    assert type(built.inner.share) is float


@pytest.mark.parametrize("config", [ModelConfig(), compact()])
def test_configurations_survive_json(config: ModelConfig) -> None:
    assert build(ModelConfig, json.loads(json.dumps(asdict(config))), "model") == config


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "top: must be an object"),
        ({}, "top: .*count"),
        ({"count": "3"}, r"top\.count: must be int, got '3'"),
        ({"count": True}, r"top\.count: must be int"),
        ({"count": 3.0}, r"top\.count: must be int"),
        ({"count": 3, "kind": "b"}, r"top\.kind: must be one of a, 3"),
        ({"count": 3, "pair": [1]}, r"top\.pair: must hold 2 values, got 1"),
        ({"count": 3, "pair": [1, "x"]}, r"top\.pair\.1: must be int"),
        ({"count": 3, "many": 4}, r"top\.many: must be a list"),
        ({"count": 3, "flag": 1}, r"top\.flag: must be bool"),
        ({"count": 3, "inner": {"shar": 1}}, r"top\.inner\.shar: this version does not know"),
    ],
)
def test_every_fault_names_its_place(value: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build(Outer, value, "top")
