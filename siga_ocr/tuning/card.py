"""The card of a fine-tuned model: what it was made from and how it did, in words that `models info` shows too."""

from siga_ocr import __version__
from siga_ocr.recipe import TrainConfig
from siga_ocr.tuning.folder import Facts
from siga_ocr.tuning.tuned_model import Additions
from siga_ocr.tuning.verdict import BeforeAfter, Marks, Verdict, points

HEAD = """---
library_name: siga-ocr
pipeline_tag: image-to-text
tags: [ocr, industrial, siga, fine-tuned]
---
"""


def card(facts: Facts, config: TrainConfig, sets: tuple[BeforeAfter, BeforeAfter], verdict: Verdict, additions: Additions) -> str:
    """The text of `README.md`; `sets` are the validation crops and the base set."""
    validation, rest = sets
    prepared = facts.prepared
    lines = [
        HEAD,
        f"# Fine-tuned from {facts.start_name}",
        "",
        f"{verdict.reason} Written by siga-ocr {__version__} finetune.",
        "",
        "## What it learned from",
        "",
        f"{prepared.train} crops with {prepared.texts} different texts; {sum(count for _, count in prepared.dropped)} rows could not be used. "
        f"{prepared.validation} other crops validated: they chose the step at which the weights were taken"
        + (f", and the temperature of the confidences was fitted on {additions.calibrated_on} of them." if additions.calibrated_on else "."),
        f"About half of each batch were crops that the model knew before. Seed {config.seed}, at most {config.steps} steps of {config.batch} crops, "
        f"rate {config.optimiser.rate:g}{'' if config.loss.glyph else ', without the glyph losses'}; `recipe.toml` says the rest.",
        "",
        "## What it reads",
        "",
        "Word accuracy in per cent, letter for letter, with 95 % intervals (Wilson's; of the difference by a paired bootstrap). The base set "
        "are rendered codes of all kinds, which show what was forgotten.",
        "",
        "| set | crops | accuracy before | accuracy after | difference |",
        "| --- | --- | --- | --- | --- |",
        _row("validation crops", validation),
        _row("base set", rest),
        "",
        "The validation crops chose among the weights, so that their score is a little too good: measure on crops that were in neither set with "
        "`siga-ocr evaluate`.",
    ]
    if not additions.has_graph:
        lines += ["", "It has no ONNX graph and reads with PyTorch: `siga-ocr export FOLDER` makes one."]
    if not additions.calibrated_on:
        lines += ["", "Its confidences were not measured, for want of validation crops: `siga-ocr calibrate` does it."]
    return "\n".join(lines) + "\n"


def _row(name: str, both: BeforeAfter) -> str:
    return f"| {name} | {len(both.before.correct)} | {_share(both.before)} | {_share(both.after)} | {points(both.comparison)} |"


def _share(found: Marks) -> str:
    low, high = found.bounds
    return f"{100 * found.accuracy:.1f} ({100 * low:.1f} - {100 * high:.1f})"
