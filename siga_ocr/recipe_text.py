"""A recipe written as TOML, every value spelled out, so that `recipe.parse` gives the same recipe again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import PurePath

from siga_ocr.recipe import LabelledSource, TrainConfig


def to_toml(config: TrainConfig) -> str:
    """The text of a recipe."""
    table = asdict(config)
    sources = [dict(source) for source in table.pop("sources")]
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = _lines(plain)
    for name, values in table.items():
        if isinstance(values, Mapping):
            lines += ["", f"[{name}]", *_lines(values)]
    for source in sources:
        lines += ["", "[[sources]]", *_lines(source)]
    return "\n".join(lines) + "\n"


def without_places(config: TrainConfig) -> TrainConfig:
    """The recipe as it travels with a model: of labelled sources the names alone, not where they lay on the machine that trained."""
    sources = (replace(source, path=PurePath(source.path).name) if isinstance(source, LabelledSource) else source for source in config.sources)
    return replace(config, sources=tuple(sources))


def _lines(table: Mapping[str, object]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value: object) -> str:
    """A value on one line: tables become inline tables, texts are escaped as in JSON, which TOML reads."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_lines(value)) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
