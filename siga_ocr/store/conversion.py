"""A checkpoint of the authors as a model folder of ours; nothing in the file is run."""

from pathlib import Path

from siga_ocr import __version__
from siga_ocr.config import Architecture, ModelConfig
from siga_ocr.errors import UsageError
from siga_ocr.model import build_model
from siga_ocr.recipe import PRESETS
from siga_ocr.store import checkpoint
from siga_ocr.store.files import sha256_of
from siga_ocr.store.folder import CONFIG_NAME, WEIGHTS_NAME
from siga_ocr.store.foreign import tensors_of
from siga_ocr.store.official import converted, published
from siga_ocr.whole_file import write_whole
from siga_ocr.writers import printable

LICENCE = 'The licence line of the authors reads "academic research"'

CARD = """---
library_name: siga-ocr
pipeline_tag: image-to-text
tags: [ocr, siga]
license: other
---

# {architecture}, converted

The weights of {file} (SHA-256 {sha256}), converted by siga-ocr {version} and otherwise unchanged. {licence}: whether you may use them for
what you have in mind is between you and them. siga-ocr ships none of their weights.

Reads texts of up to {length} characters out of {characters}, capitals as lower case.
"""


def convert(source: Path, architecture: Architecture, folder: Path) -> ModelConfig:
    """Write the checkpoint `source` as a model to `folder`, all weights in float32; returns what the model is.

    Raises:
        UsageError: there are no published weights of such a network, or there is a model in the folder.
        ModelError: the file cannot be read, holds more than tensors, or is no checkpoint of this network.
        DiskError: the folder cannot be written.
    """
    if architecture not in published():
        raise UsageError(f"There are checkpoints of {', '.join(published())}, not of {architecture}.")
    if any((folder / name).exists() for name in (CONFIG_NAME, WEIGHTS_NAME)):
        raise UsageError(f"{folder} holds a model already: name another folder.")
    config = PRESETS[architecture]
    official = tensors_of(source)
    model = build_model(config).eval()
    model.load_state_dict(converted(official, model.state_dict(), architecture))
    origin = {"file": printable(source.name), "sha256": sha256_of(source)}
    checkpoint.save(folder, model, {"converted_from": origin, "licence": f"{LICENCE}."}, float32=True)
    card = CARD.format(
        architecture=architecture, version=__version__, licence=LICENCE, length=config.max_length, characters=config.characters, **origin
    )
    write_whole({folder / "README.md": card.encode(errors="backslashreplace")})
    return config
