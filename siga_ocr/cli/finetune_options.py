"""Options of `siga-ocr finetune`, as annotated types in their help panels."""

from pathlib import Path
from typing import Annotated

import typer

from siga_ocr.cli.data_options import SETS

CROPS, LEARNING = "Which crops", "How it learns: the plan chooses what is not given"

Data = Annotated[Path | None, typer.Option("--data", metavar="PATH", help=f"Your crops. {SETS}", rich_help_panel=CROPS)]
Validation = Annotated[
    Path | None, typer.Option("--val", metavar="PATH", help="Other crops to check on; without it a fifth of yours.", rich_help_panel=CROPS)
]
Replay = Annotated[
    Path | None, typer.Option("--replay", metavar="PATH", help="Crops of other lines, which it shall not forget.", rich_help_panel=CROPS)
]
Folder = Annotated[Path | None, typer.Option("--output", "-o", metavar="RUN", help="The run folder; default: runs/ and the time.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in RUN where it was left.")]
CharsetAdd = Annotated[str, typer.Option("--charset-add", metavar="CHARACTERS", help="Characters that the model is to learn.")]
MaxLength = Annotated[int | None, typer.Option("--max-length", metavar="N", min=1, max=200, help="Learn texts of up to N characters.")]
Steps = Annotated[int | None, typer.Option("--steps", metavar="N", min=1, help="Steps at most.", rich_help_panel=LEARNING)]
Minutes = Annotated[float | None, typer.Option("--minutes", metavar="M", min=0.01, help="Minutes of training at most.", rich_help_panel=LEARNING)]
Rate = Annotated[float | None, typer.Option("--rate", metavar="R", min=1e-9, max=1.0, help="Learning rate.", rich_help_panel=LEARNING)]
BatchSize = Annotated[int | None, typer.Option("--batch-size", metavar="N", min=2, help="Crops in a step.", rich_help_panel=LEARNING)]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=1000, help="Another seed divides and shows crops otherwise.", rich_help_panel=LEARNING)
]
NoGlyphLoss = Annotated[
    bool, typer.Option("--no-glyph-loss", help="Without the losses on text mask, alignment and glyph maps.", rich_help_panel=LEARNING)
]
NoRecombined = Annotated[
    bool, typer.Option("--no-recombined", help="Without new codes out of the characters of your crops.", rich_help_panel=LEARNING)
]
FixedStatistics = Annotated[
    bool, typer.Option("--fixed-statistics", help="Batch normalisation keeps its means and variances.", rich_help_panel=LEARNING)
]
