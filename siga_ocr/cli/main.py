"""The command line: which commands there are, and how errors become one line and an exit code."""

from typing import Annotated

import typer
import typer.core

from siga_ocr import __version__
from siga_ocr.cli import console, defaults
from siga_ocr.cli.calibrate import calibrate
from siga_ocr.cli.config import config
from siga_ocr.cli.data import data
from siga_ocr.cli.doctor import doctor
from siga_ocr.cli.evaluate import evaluate
from siga_ocr.cli.export import export
from siga_ocr.cli.finetune import finetune
from siga_ocr.cli.models import models
from siga_ocr.cli.read import read
from siga_ocr.cli.synth import synth
from siga_ocr.cli.train import train
from siga_ocr.cli.verify import verify
from siga_ocr.cli.watch import watch
from siga_ocr.errors import MEANINGS, DiskError, ExitCode, SigaError

EPILOG = "Exit codes: " + ", ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."


class _Commands(typer.core.TyperGroup):
    """The one place where errors that the user can put right are caught."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run the command that was asked for."""
        try:
            return self._finished(ctx)
        except SigaError as error:
            raise typer.Exit(_told(error)) from error
        except KeyboardInterrupt as error:
            console.fail("interrupted.", error)
            console.give_up_data_stream()
            raise typer.Exit(ExitCode.INTERRUPTED) from error
        except BrokenPipeError as error:  # whoever listened has enough, as `head` does
            console.close_data_stream()
            raise typer.Exit(ExitCode.OK) from error

    def _finished(self, ctx: typer.Context) -> object:
        """Run the command, and write out what it has shown; where it failed that is tried after its error was told."""
        try:
            result = super().invoke(ctx)
        except typer.Exit:
            console.finish_data_stream()
            raise
        console.finish_data_stream()
        return result


def _told(error: SigaError) -> ExitCode:
    console.fail(str(error), error)
    if isinstance(error, DiskError):
        console.close_data_stream()  # what a full disk did not take is not tried again
    else:
        console.give_up_data_stream()
    return error.exit_code


app = typer.Typer(
    name="siga-ocr",
    cls=_Commands,
    no_args_is_help=True,
    epilog=EPILOG,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.put(f"siga-ocr {__version__}")
        raise typer.Exit


@app.callback()
def siga_ocr(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Read codes on workpieces - engraved, dot-peened, etched, cast, printed - by the shape of each glyph."""
    del version  # its callback has shown it and ended the program
    defaults.apply(context)


for command in (read, verify, watch, evaluate, calibrate, synth, finetune, train, export, doctor):
    app.command()(command)
app.add_typer(models)
app.add_typer(data)
app.add_typer(config)


def run() -> None:
    """The entry point of `siga-ocr`."""
    console.open_missing_streams()
    console.guard_stdout()
    try:
        app()
    except DiskError as error:  # what is shown before a command begins, such as the version
        raise SystemExit(_told(error)) from error
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # of help that nobody reads to its end
            raise SystemExit(ExitCode.OK) from error
        raise
