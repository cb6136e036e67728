"""Options that several commands share, and those of `read` in their help panels, as annotated types."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class FormatName(StrEnum):
    """`auto` is a table on a terminal and JSON lines otherwise; `text` is the reading alone."""

    AUTO = "auto"
    TABLE = "table"
    TEXT = "text"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"


class EngineName(StrEnum):
    """`auto` is what reads fastest where it runs."""

    AUTO = "auto"
    TORCH = "torch"
    ONNX = "onnx"


INPUT, OUTPUT, COMPUTING = "What is read", "What is written", "How it is computed"

Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda[:N]", help="Where to compute.")]
Model = Annotated[str, typer.Option("--model", metavar="NAME|FOLDER|hf:REPO", help="A model's name, its folder, or hf:owner/repo[@revision].")]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Search folders with all that lies below them.")]
Format = Annotated[FormatName, typer.Option("--format", help="auto: a table on a terminal, else jsonl. text: the reading alone.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of stdout; the name appears when all is written.")
]
MinConfidence = Annotated[
    float, typer.Option("--min-confidence", metavar="P", help="Below P (0 to 1) the status is review. Without it every reading is accepted.")
]
MaxError = Annotated[
    float | None,
    typer.Option(
        "--max-error", metavar="R", help="Accept as many readings as leave at most the share R of them wrong, as calibrate has measured it."
    ),
]

Glob = Annotated[
    list[str] | None,
    typer.Option("--glob", metavar="PATTERN", help="Names to take from folders, such as '*.gif'; repeatable.", rich_help_panel=INPUT),
]
Null = Annotated[bool, typer.Option("--null", "-0", help="Paths in @LIST and on stdin are ended by a zero byte.", rich_help_panel=INPUT)]
Roi = Annotated[
    str | None,
    typer.Option("--roi", metavar="X,Y,W,H", help="Cut this region out of each upright image first, in pixels.", rich_help_panel=INPUT),
]

Force = Annotated[bool, typer.Option("--force", help="Replace FILE where it exists.", rich_help_panel=OUTPUT)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with FILE.partial, which an interrupted run has left.", rich_help_panel=OUTPUT)]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even if some crops were not accepted.", rich_help_panel=OUTPUT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary on stderr; errors are still said.", rich_help_panel=OUTPUT)]
Trace = Annotated[bool, typer.Option("--trace", help="Add the SHA-256 of each image to its record.", rich_help_panel=OUTPUT)]
Attention = Annotated[
    Path | None,
    typer.Option("--attention", metavar="DIR", help="Draw where each character was seen: one PNG a crop.", rich_help_panel=OUTPUT),
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE.html", help="Write a page to look through, correct and label the crops.", rich_help_panel=OUTPUT),
]

ReadingDevice = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda[:N]", help="Where to compute.", rich_help_panel=COMPUTING)]
Engine = Annotated[EngineName, typer.Option("--engine", help="What computes.", rich_help_panel=COMPUTING)]
BatchSize = Annotated[str, typer.Option("--batch-size", metavar="auto|N", help="Crops computed together at most.", rich_help_panel=COMPUTING)]
Threads = Annotated[
    int, typer.Option("--threads", metavar="N", min=0, help="Threads that open and read; 0: the cores there are.", rich_help_panel=COMPUTING)
]
Workers = Annotated[int, typer.Option("--workers", metavar="N", min=0, help="Processes that open images, for a fast GPU.", rich_help_panel=COMPUTING)]
