"""Options that several commands share, and those of `read` in their help panels, as annotated types."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from siga_ocr.cli import either
from siga_ocr.limits import MAX_N_BEST, MOST_THREADS


class FormatName(StrEnum):
    """`auto` is a table on a terminal and JSON lines otherwise; `text` is the reading alone."""

    AUTO = "auto"
    TABLE = "table"
    TEXT = "text"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"


class ReadFormatName(StrEnum):
    """The same, and `parquet`, which is written in parts alone."""

    AUTO = "auto"
    TABLE = "table"
    TEXT = "text"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"


class EngineName(StrEnum):
    """`auto` is what reads fastest where it runs."""

    AUTO = "auto"
    TORCH = "torch"
    ONNX = "onnx"


class OrientationName(StrEnum):
    """Degrees clockwise by which each picture is turned; `auto` finds them crop by crop."""

    UPRIGHT = "0"
    RIGHT = "90"
    DOWN = "180"
    LEFT = "270"
    AUTO = "auto"


def checked_rate(value: float) -> float:
    """A share of wrong readings.

    Raises:
        BadParameter: it is none.
    """
    if not 0 < value < 1:
        raise typer.BadParameter(f"An error rate lies between 0 and 1, such as 0.001, not {value:g}.")
    return value


def error_rate(context: typer.Context, parameter: typer.CallbackParam, value: float | None) -> float | None:
    """The callback of `--max-error`."""
    return either.yielding(context, parameter, None if value is None else checked_rate(value))


INPUT, CODES, REJECTING = "What is read", "What a code may look like", "What is accepted"
OUTPUT, COMPUTING = "What is written", "How it is computed"

Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda[:N]", help="Where to compute.")]
Model = Annotated[
    str, typer.Option("--model", metavar="NAME|FOLDER|hf:REPO", help="A model's name, its folder, or hf:owner/repo, @revision if need be.")
]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Search folders with all that lies below them.")]
Format = Annotated[
    ReadFormatName,
    typer.Option("--format", help="auto: a table on a terminal, else jsonl. text: the reading alone. parquet: with --ray."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of stdout; the name appears when all is written.")
]
MinConfidence = Annotated[
    float,
    typer.Option(
        "--min-confidence",
        metavar="P",
        min=0,
        max=1,
        callback=either.yielding,
        help="Below P (0 to 1) the status is review. Without it every reading is accepted.",
    ),
]
MaxError = Annotated[
    float | None,
    typer.Option(
        "--max-error",
        metavar="R",
        callback=error_rate,
        help="Accept as many readings as leave at most the share R of them wrong, as calibrate has measured it.",
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
Orientation = Annotated[
    OrientationName,
    typer.Option(
        "--orientation",
        help="Turn each crop clockwise by so many degrees before it is read, after EXIF and --roi. auto finds them, and takes 1 to 4 times as long.",
        rich_help_panel=INPUT,
    ),
]

Mask = Annotated[
    str,
    typer.Option("--mask", metavar="AA-9999-**", help="9 a digit, A a letter, * any character, \\ before itself.", rich_help_panel=CODES),
]
Regex = Annotated[str, typer.Option("--regex", metavar="REGEX", help="A regular expression for the whole code.", rich_help_panel=CODES)]
Characters = Annotated[
    str, typer.Option("--charset", metavar="A-Z0-9-", help="The characters that may occur; a - first or last is itself.", rich_help_panel=CODES)
]
Length = Annotated[str, typer.Option("--length", metavar="N|N-M", help="How many characters a code has.", rich_help_panel=CODES)]
Preset = Annotated[
    str, typer.Option("--preset", metavar="NAME", help="A kind of code with its check digit: vin, iso6346, ean13, ...", rich_help_panel=CODES)
]
MaxConstraintCost = Annotated[
    float,
    typer.Option(
        "--max-constraint-cost",
        metavar="NATS",
        min=0,
        help="Where the format makes a reading less likely by more than this, the status is review.",
        rich_help_panel=CODES,
    ),
]

MinCharacterConfidence = Annotated[
    float,
    typer.Option(
        "--min-character-confidence",
        metavar="P",
        min=0,
        max=1,
        help="Review where the weakest character is less sure than P.",
        rich_help_panel=REJECTING,
    ),
]
MinMargin = Annotated[
    float,
    typer.Option("--min-margin", metavar="NATS", min=0, help="Review where the runner-up is nearer than this.", rich_help_panel=REJECTING),
]
Unknown = Annotated[
    str,
    typer.Option(
        "--unknown", metavar="SIGN", help="Show this for characters below --min-character-confidence, such as '?'.", rich_help_panel=REJECTING
    ),
]
NBest = Annotated[
    int, typer.Option("--n-best", metavar="K", min=0, max=MAX_N_BEST, help="Add the K likeliest texts to the record.", rich_help_panel=OUTPUT)
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
    int,
    typer.Option(
        "--threads", metavar="N", min=0, max=MOST_THREADS, help="Threads that open and read; 0: the cores there are.", rich_help_panel=COMPUTING
    ),
]
Once = Annotated[
    bool,
    typer.Option(
        "--once",
        help="No further looks at what was read with doubt, no halves of long codes: several times as fast where crops are hard.",
        rich_help_panel=COMPUTING,
    ),
]
Workers = Annotated[
    int,
    typer.Option("--workers", metavar="N", min=0, max=MOST_THREADS, help="Processes that open images, for a fast GPU.", rich_help_panel=COMPUTING),
]
Ray = Annotated[
    str,
    typer.Option(
        "--ray",
        metavar="local|auto|HOST:PORT",
        help="Have the machines of a Ray cluster read, or all cores here (local), into a folder of part files: --output names it.",
        rich_help_panel=COMPUTING,
    ),
]
