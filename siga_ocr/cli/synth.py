"""`siga-ocr synth`: renders a labelled set of crops into a folder."""

from pathlib import Path
from typing import Annotated

import typer

from siga_ocr.errors import UsageError
from siga_ocr.render_style import DEFAULT_FAMILIES, FAULTS, RANDOM_WORDS, RenderStyle, family_style

PREVIEWED = 60  # crops on a contact sheet
NAMES = ", ".join(name for name, _ in DEFAULT_FAMILIES)


def synth(
    out: Annotated[Path, typer.Option("--out", help="Folder to make; it must not exist.")],
    count: Annotated[int, typer.Option("--count", min=1, help="Number of crops.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed renders the same crops; below 1000 is for evaluation sets.")] = 0,
    style: Annotated[
        str,
        typer.Option("--style", help=f"One marking family, or the whole mixture. Families: {NAMES}. {RANDOM_WORDS}: random characters in scenes."),
    ] = "mixture",
    difficulty: Annotated[float, typer.Option("--difficulty", min=0.0, max=1.0, help="0 clean, 1 the whole field mixture.")] = RenderStyle.difficulty,
    fault: Annotated[str, typer.Option("--fault", help=f"Clean crops with one fault. Faults: {', '.join(FAULTS)}.")] = RenderStyle.fault,
    surfaces: Annotated[str, typer.Option("--surfaces", help="Folder of photographs of surfaces.")] = RenderStyle.surfaces,
    fonts: Annotated[str, typer.Option("--fonts", help="Folder of font files, beside the system's.")] = RenderStyle.fonts,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Processes that render; 0 renders in this one.")] = 0,
    preview: Annotated[
        Path | None,
        typer.Option("--preview", help="Write a contact sheet (PNG) of the first crops; of the mixture also one of each family: SHEET-print.png ..."),
    ] = None,
) -> None:
    """Render crops of codes with their texts: OUT/img/ and OUT/labels.csv (file,text).

    The folder appears whole or not at all. Each crop depends on the seed, its number, the style, and the fonts and photographs that are
    there; not on the number of workers.
    """
    from siga_ocr.cli.console import progress, say
    from siga_ocr.data.render.rendered_set import Span, check_sheets, write_set, write_sheets

    chosen = family_style(style, RenderStyle(difficulty=difficulty, surfaces=surfaces, fonts=fonts, fault=fault))
    if preview is not None:
        check_sheets(preview, chosen)
        if preview.resolve() == out.resolve():
            raise UsageError(f"{str(out)!r} cannot be the folder and the contact sheet: name another file with --preview.")
    for _ in progress(write_set(out, Span(seed, 0, count, chosen), workers), "crop", count):
        pass
    say(f"{count} crops in {out}.")
    if preview is not None:
        sheets = write_sheets(preview, Span(seed, 0, min(count, PREVIEWED), chosen))
        say(f"Contact sheet in {preview}" + (f", and one of each family beside it ({len(sheets) - 1})." if len(sheets) > 1 else "."))
