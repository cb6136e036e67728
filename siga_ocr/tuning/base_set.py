"""Rendered codes of all kinds that no training sees: they show what a model forgets while it learns something else."""

from pathlib import Path

from siga_ocr.config import ModelConfig
from siga_ocr.data.shards import FittedCrops, ShardPlan, ShardStore, render_piece
from siga_ocr.data.workers import Workers
from siga_ocr.render_style import RenderStyle

SEED, COUNT = 500, 500
FOLDER = "base"


def base_set(run: Path, model: ModelConfig, workers: int) -> FittedCrops:
    """The base set for a model, without texts that it cannot write: found in the run folder, or rendered by `workers` processes and put there.

    It uses the fonts of the package alone, so that it is the same on every machine.

    Raises:
        DiskError: it cannot be written.
    """
    style = RenderStyle(lettering="shipped", max_length=min(model.max_length, RenderStyle().max_length))
    plan = ShardPlan(SEED, 0, COUNT, style, model.input, model.characters, model.max_length)
    with Workers[ShardPlan, FittedCrops](render_piece, workers) as processes:
        return ShardStore(run / FOLDER, processes).begin(plan)()
