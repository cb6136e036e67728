"""Records in Parquet: their columns with fixed types, so that all parts are one table whatever they hold; needs pyarrow, imported only here."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from siga_ocr.record import FIELDS, Field, Value

if TYPE_CHECKING:
    import pyarrow


def write(path: Path, records: Sequence[dict[str, Value]]) -> None:
    """Write records to a file.

    Raises:
        OSError: it cannot be written.
    """
    import pyarrow
    import pyarrow.parquet

    rows = [{name: in_utf8(value) if isinstance(value, str) else value for name, value in one.items()} for one in records]
    with path.open("wb") as stream:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=_schema()), stream)


def rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """File, status and weights of each record.

    Raises:
        OSError, ValueError, KeyError: it cannot be read, or is not what `write` writes.
    """
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(path).read(columns=["file", "status", "weights_sha256"])
    for row in table.to_pylist():
        yield row["file"], row["status"], row["weights_sha256"] or ""


def in_utf8(text: str) -> str:
    r"""The text, with each byte of a name that is no UTF-8 as the six characters `\udc80` to `\udcff`: Parquet holds UTF-8 alone."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _schema() -> "pyarrow.Schema":
    import pyarrow

    return pyarrow.schema([(one.name, _type(one)) for one in FIELDS])


def _type(one: Field) -> "pyarrow.DataType":
    import pyarrow as pa

    likely = [("confidence", pa.float64())]
    alternatives = pa.list_(pa.struct([("character", pa.string()), *likely]))
    places = [("x0", pa.float64()), ("x1", pa.float64())]
    lists = {
        "characters": pa.list_(pa.struct([("character", pa.string()), *likely, *places, ("alternatives", alternatives)])),
        "n_best": pa.list_(pa.struct([("text", pa.string()), *likely])),
    }
    flat = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    return flat[one.kind.removesuffix(" or null")] if one.flat else lists[one.name]
