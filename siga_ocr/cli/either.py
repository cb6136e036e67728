"""Two options that say one thing in two ways: of their settings, and of one on the command line and a setting, the nearer holds."""

from collections.abc import Mapping

import typer

from siga_ocr.errors import UsageError
from siga_ocr.settings import Given, Option

RIVALS = {"min_confidence": "max_error", "max_error": "min_confidence"}
"""By the names of their parameters."""

UNSAID = {"min_confidence": 0.0, "max_error": None}

SETTINGS = "siga_ocr.settings"
"""Where the context keeps the settings that hold, with their origins."""


def without_rivals(found: Mapping[Option, Given]) -> dict[Option, Given]:
    """The settings without those whose rival is set nearer to the command line."""
    by_name = {(option.command, _name(option)): one for option, one in found.items()}
    held = {}
    for option, one in found.items():
        rival = by_name.get((option.command, RIVALS.get(_name(option), "")))
        if rival is None or rival.nearness <= one.nearness:
            held[option] = one
    return held


def yielding(context: typer.Context, parameter: typer.CallbackParam, value: float | None) -> float | None:
    """The callback of rivals: a setting gives way to the option on the command line, which is always looked at first.

    Raises:
        UsageError: both are set in one place.
    """
    name = str(parameter.name)
    rival = RIVALS[name]
    if not value or _source(context, name) != "DEFAULT_MAP":
        return value
    if _source(context, rival) == "COMMANDLINE":
        return UNSAID[name]
    if _source(context, rival) == "DEFAULT_MAP" and context.params[rival]:
        settings: Mapping[Option, Given] = context.meta[SETTINGS]
        origins = sorted(one.origin for option, one in settings.items() if option.command == context.info_name and _name(option) in RIVALS)
        raise UsageError(f"{' and '.join(origins)} are two ways to say one thing: keep one of them.")
    return value


def _source(context: typer.Context, name: str) -> str:
    """Empty for a parameter that was not looked at yet."""
    found = context.get_parameter_source(name)
    return found.name if found else ""


def _name(option: Option) -> str:
    return option.key.replace("-", "_")
