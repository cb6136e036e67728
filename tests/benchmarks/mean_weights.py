"""The mean of models that were trained from one another: `python -m tests.benchmarks.mean_weights OUT MODEL=SHARE MODEL=SHARE...`.

Weights and batch statistics are averaged; shares are scaled to a sum of 1. A residual block that one of the models does not have is the
identity there: of its weights only the scale and offset of the last normalisation shrink. Everything else must be alike. OUT gets the votes
and the note of the largest.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from siga_ocr.errors import UsageError
from siga_ocr.model import SigaModel
from siga_ocr.model.convolution import ResidualBlock
from siga_ocr.store import checkpoint
from siga_ocr.store.weights import path_of


def mean(models: Sequence[SigaModel], shares: Sequence[float]) -> SigaModel:
    """The largest of the models, with the mean of their weights."""
    largest = max(models, key=lambda model: sum(model.config.blocks))
    for model in models:
        if replace(model.config, blocks=largest.config.blocks, aligned_votes=largest.config.aligned_votes) != largest.config:
            raise UsageError("The models differ in more than their residual blocks: take models that were trained from one another.")
    ends = {f"{name}.norm" for name, module in largest.named_modules() if isinstance(module, ResidualBlock)}
    weights = [(model.state_dict(), share / sum(shares)) for model, share in zip(models, shares, strict=True)]
    averaged = {}
    for name, own in largest.state_dict().items():
        having = [(known[name], share) for known, share in weights if name in known]
        is_scale = name.rpartition(".")[0] in ends and name.endswith((".weight", ".bias"))
        whole = 1.0 if is_scale else sum(share for _, share in having)
        averaged[name] = torch.stack([share / whole * tensor for tensor, share in having]).sum(0) if own.is_floating_point() else own
    largest.load_state_dict(averaged)
    return largest


def named_share(text: str) -> tuple[Path, float]:
    """A model's folder and its share."""
    name, _, share = text.rpartition("=")
    if not name or float(share) <= 0:
        raise ValueError("MODEL=SHARE")
    return path_of(name), float(share)


def main() -> None:
    """Write the mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("models", nargs="+", type=named_share, metavar="MODEL=SHARE")
    asked = parser.parse_args()
    folders, shares = zip(*asked.models, strict=True)
    models = [checkpoint.load(folder) for folder in folders]
    blocks = [sum(model.config.blocks) for model in models]
    note = checkpoint.describe(folders[blocks.index(max(blocks))]).training
    checkpoint.save(asked.out, mean(models, shares), note)
    print(f"{asked.out}: the mean of {len(models)} models")


if __name__ == "__main__":
    main()
