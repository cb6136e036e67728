"""Where a model lies: a name or a folder becomes a folder."""

from pathlib import Path

from siga_ocr.errors import ModelError

DEFAULT = "code-small"
"""The model that is used where none is named."""

_PACKAGE = Path(__file__).parent


def shipped() -> dict[str, Path]:
    """The models that come with the program, by name: inside the installed package, or in `models/` of a checkout."""
    embedded = _PACKAGE / "_models"
    root = embedded if embedded.is_dir() else _PACKAGE.parent / "models"
    return {path.parent.name: path.parent for path in sorted(root.glob("*/config.json"))}


def path_of(model: str) -> Path:
    """The folder of a shipped model's name, or the folder that `model` names itself; `./NAME` is a folder in any case.

    Raises:
        ModelError: there is neither.
    """
    known = shipped()
    if model in known:
        return known[model]
    if model and Path(model).is_dir():
        return Path(model)
    names = ", ".join(known) or "none"
    raise ModelError(f"There is no model {model!r}: name a model folder or one of the shipped models ({names}).")
