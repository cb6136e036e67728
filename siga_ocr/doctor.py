"""The self-test of an installed station: what is here, what is missing, and whether known crops still read as they must."""

import os
import platform
import re
import shutil
from collections.abc import Iterator
from csv import DictReader
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from siga_ocr import __version__
from siga_ocr.engines.device import ask_driver, core_count
from siga_ocr.errors import SigaError
from siga_ocr.store import weights

GOLDEN = Path(__file__).parent / "golden"
"""Rendered crops, and `labels.csv` with what each of them says."""

PACKAGES = ("numpy", "pillow", "opencv-python", "onnxruntime", "torch", "typer", "watchfiles", "jinja2")
DEBIAN = {"libGL": "libgl1", "libgthread": "libglib2.0-0", "libglib": "libglib2.0-0", "libgomp": "libgomp1", "libSM": "libsm6", "libXext": "libxext6"}
"""Which package of Debian brings a library, by the beginning of its name."""

SPARE_BYTES = 200_000_000
"""Less free disk in the store of models is a fault."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, and what to do where it is no good (empty where it is)."""

    name: str
    value: str
    fault: str = ""


def examine() -> Iterator[Finding]:
    """Everything, the quick things first; the golden crops are read last."""
    yield Finding("siga-ocr", __version__)
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        yield package(name)
    yield library()
    yield Finding("cores", f"{core_count()} of {os.cpu_count()} may be used; OMP_NUM_THREADS is {os.environ.get('OMP_NUM_THREADS', 'not set')}")
    probe = ask_driver()
    advice = "Mend the driver (nvidia-smi says more), or read with --device cpu."
    yield Finding("cuda devices", str(probe.count), f"{probe.fault}. {advice}" if probe.fault else "")
    yield store()
    yield from models()
    yield from golden()


def package(name: str) -> Finding:
    """The version of an installed package."""
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        if name == "opencv-python":  # other builds of it bring the same module
            return Finding(name, "not installed under this name")
        return Finding(name, "missing", f"Install it: pip install {name}")


def library() -> Finding:
    """Whether OpenCV finds the libraries of the system that it needs."""
    try:
        import cv2
    except ImportError as error:
        return Finding("opencv loads", "no", missing(str(error)))
    return Finding("opencv loads", str(cv2.__version__))


def missing(message: str) -> str:
    """What to do about a module that does not load, from the words of the system's loader."""
    found = re.search(r"(lib[A-Za-z]+)[\w.+-]*\.so[\w.]*", message)
    package = DEBIAN.get(found[1]) if found else None
    if found and package:
        return f"{found[0]} is missing. On Debian: apt install {package}"
    return f"{message}. Install opencv-python anew, or opencv-python-headless on a server without a display."


def store() -> Finding:
    """Where pulled and imported models lie, and whether there is room."""
    from siga_ocr.store.home import home

    folder = home()
    place = next(filter(os.path.exists, (folder, *folder.parents)))  # Path.exists would raise where one must not look
    free = shutil.disk_usage(place).free
    value = f"{folder}, {free / 1e9:.1f} GB free"
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        how = "cannot be written" if place.is_dir() else "is no folder"
        return Finding("store", value, f"{place} {how}: no model can be pulled or imported. Name another folder with SIGA_OCR_HOME.")
    return Finding("store", value, "Free some space there, or name another folder with SIGA_OCR_HOME." if free < SPARE_BYTES else "")


def models() -> Iterator[Finding]:
    """Every model on this machine with the hash of its weights; each byte is read."""
    from siga_ocr.store import shelf
    from siga_ocr.store.folder import describe

    try:
        names = [*weights.shipped(), *(entry.name for entry in shelf.entries())]
    except SigaError as error:
        yield Finding("models", "damaged", str(error))
        return
    if weights.DEFAULT not in names:
        yield Finding(f"model {weights.DEFAULT}", "missing", "The installation is not whole: install siga-ocr anew.")
    for name in names:
        try:
            faults = weights.damage(name)
            value = f"sha256 {describe(weights.path_of(name)).weights_sha256}"
        except SigaError as error:
            yield Finding(f"model {name}", "damaged", str(error))
        else:
            yield Finding(f"model {name}", value, "; ".join(faults))


def golden() -> Iterator[Finding]:
    """What the shipped model reads on the golden crops, against what they say."""
    try:
        from siga_ocr.reader import Reader

        expected = expectations()
        reader = Reader.load(weights.DEFAULT, "cpu")
        readings = list(reader.read(GOLDEN / name for name in expected))
    except (SigaError, ImportError, OSError) as error:
        yield Finding("golden crops", "not read", str(error))
        return
    for (name, text), reading in zip(expected.items(), readings, strict=True):
        fault = "" if reading.text == text else f"It says {text!r}: do not read parts on this machine; install siga-ocr anew, then its packages."
        yield Finding(f"golden {name}", f"{reading.text!r} {reading.confidence:.4f} {reading.error}".rstrip(), fault)


def expectations() -> dict[str, str]:
    """File names of the golden crops and their texts.

    Raises:
        OSError: they are not there.
    """
    with (GOLDEN / "labels.csv").open(newline="", encoding="utf-8") as stream:
        return {row["file"]: row["text"] for row in DictReader(stream)}
