"""Makes the golden crops of `siga-ocr doctor` anew: `python -m tests.golden`; to be run when new weights misread one of them."""

import csv
from io import BytesIO

from PIL import Image

from siga_ocr.data.render.crop import render
from siga_ocr.doctor import GOLDEN
from siga_ocr.reader import Reader
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style
from siga_ocr.store import weights

SEED = 990
TRIED = 40
LEAST = 0.97
"""Confidence of a crop that is taken: far from any doubt, so that another processor reads it likewise."""

LARGEST_BYTES = 9_000
WANTED = 8


def main() -> None:
    """One sure crop of each family that has a small one, eight at most."""
    reader, rows = Reader.load(weights.DEFAULT, "cpu"), list[tuple[str, str]]()
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.glob("*.png"):
        old.unlink()
    for number, (family, _) in enumerate(DEFAULT_FAMILIES, start=1):
        for index in range(number * TRIED, (number + 1) * TRIED):
            crop = render(SEED, index, family_style(family, RenderStyle(difficulty=0.3)))
            stream = BytesIO()
            Image.fromarray(crop.image).convert("L").save(stream, "PNG", optimize=True)
            (reading,) = reader.read([stream.getvalue()])
            is_sure = reading.text == crop.text and reading.confidence >= LEAST
            if is_sure and len(crop.text) >= 6 and crop.text not in dict(rows).values() and stream.tell() <= LARGEST_BYTES:
                (GOLDEN / f"{family}.png").write_bytes(stream.getvalue())
                rows.append((f"{family}.png", crop.text))
                break
        if len(rows) == WANTED:
            break
    with (GOLDEN / "labels.csv").open("w", newline="", encoding="utf-8") as stream_of_rows:
        csv.writer(stream_of_rows, lineterminator="\n").writerows([("file", "text"), *rows])
    print(f"{len(rows)} crops, {sum(path.stat().st_size for path in GOLDEN.iterdir())} bytes in {GOLDEN}.")


if __name__ == "__main__":
    main()
