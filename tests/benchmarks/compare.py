"""siga-ocr, RapidOCR and Tesseract on the same labelled crops, as Markdown: `python -m tests.benchmarks.compare FOLDER... [--rounds 3]`.

Every reader is a process of its own that reads all crops from the disk; they take turns, and the times are medians over the rounds, from the
first file to the last text, without imports and the loading of models. A reader that is not installed is left out. `--part-b` scores the
held-out part of each folder as well, for folders whose part A a model was trained on. Words are compared letter for letter ("exact") and by
capitals and digits alone ("folded"); CER is of the exact letters.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from siga_ocr.assessing.evaluate import compare
from siga_ocr.assessing.scored_set import Rows, scored_set
from siga_ocr.data.labels import ORIENTATION_NAME, Sample, part_of
from siga_ocr.reading import Reading

PEER_BATCH = 64
SPEED_HEAD = "| reader | version | threads | batch | precision | crops/s | ms of processor a crop | times the time of siga-ocr |"
Job = Callable[[], list[str]]


@dataclass(frozen=True)
class Contestant:
    """A reader: how it is loaded for the crops, and what its figures hold for."""

    load: Callable[[Sequence[str], str], tuple[Job, str]]
    is_there: Callable[[], bool]


@dataclass(frozen=True)
class Outcome:
    """What a process of a reader has read, in how many seconds, of the processors too, and how it was set up."""

    texts: list[str]
    seconds: float
    cpu_seconds: float
    setting: str


def siga_ocr(paths: Sequence[str], model: str) -> tuple[Job, str]:
    """Our reader as the command has it, calibrated, with its defaults on a CPU."""
    from siga_ocr import __version__
    from siga_ocr.engines.engine import choose
    from siga_ocr.engines.tempered import tempered
    from siga_ocr.reader import Reader, ReadOptions, load_engine
    from siga_ocr.store.calibration import temperature_of
    from siga_ocr.store.weights import path_of

    folder, options = path_of(model), ReadOptions()
    engine = tempered(load_engine(folder, choose(folder, "auto", "cpu").engine, "cpu", options), temperature_of(folder))
    reader, facts = Reader(engine, options), engine.facts
    setting = f"{__version__}, {model} | {options.thread_count} | {facts.batch_size} | {facts.precision}, {facts.name}"
    return lambda: [reading.text for reading in reader.read(paths)], setting


def rapid_ocr(paths: Sequence[str], model: str, **options: int) -> tuple[Job, str]:
    """RapidOCR's recogniser, with its defaults or with options."""
    del model
    import cv2
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR(**options)

    def job() -> list[str]:
        texts = dict.fromkeys(paths, "")
        for begin in range(0, len(paths), PEER_BATCH):
            opened = [(path, image) for path in paths[begin : begin + PEER_BATCH] if (image := cv2.imread(path)) is not None]
            found, _ = engine.text_rec([image for _, image in opened])
            texts |= {path: line[0] for (path, _), line in zip(opened, found, strict=True)}
        return [texts[path] for path in paths]

    return job, f"{version('rapidocr-onnxruntime')} | {options.get('intra_op_num_threads', 'its own')} | 6 | float32, onnx"


def tesseract(paths: Sequence[str], model: str) -> tuple[Job, str]:
    """A process for each crop, as many at once as there are cores."""
    del model
    cores = len(os.sched_getaffinity(0))
    said = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]

    def read(path: str) -> str:
        command = ["tesseract", path, "-", "--psm", "7", "--dpi", "150"]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_THREAD_LIMIT": "1"}, check=False)
        return "".join(done.stdout.split())

    def job() -> list[str]:
        with ThreadPoolExecutor(cores) as pool:
            return list(pool.map(read, paths))

    return job, f"{said} | {cores} processes | 1 | -"


def _has_rapid_ocr() -> bool:
    return find_spec("rapidocr_onnxruntime") is not None


CONTESTANTS = {
    "siga-ocr": Contestant(siga_ocr, lambda: True),
    "RapidOCR": Contestant(rapid_ocr, _has_rapid_ocr),
    "RapidOCR, one thread": Contestant(partial(rapid_ocr, intra_op_num_threads=1, inter_op_num_threads=1), _has_rapid_ocr),
    "Tesseract": Contestant(tesseract, lambda: shutil.which("tesseract") is not None),
}


def child(name: str, model: str, names: Path) -> None:
    """Read the paths that stand in a file, in this process, and print what came of it."""
    job, setting = CONTESTANTS[name].load(json.loads(names.read_text()), model)
    begun, before = time.perf_counter(), os.times()
    texts = job()
    after = os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    print(json.dumps([texts, time.perf_counter() - begun, cpu, setting]))


def run(name: str, model: str, names: Path) -> Outcome:
    """One turn of a reader."""
    command = [sys.executable, "-m", "tests.benchmarks.compare", "--child", name, "--model", model, str(names)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Outcome(*json.loads(done.stdout.splitlines()[-1]))


def samples_of(folder: Path, limit: int) -> list[Sample]:
    """The upright rows of a folder that have a text, or `limit` of them, evenly spread."""
    samples = scored_set([folder], Rows(upright=(folder / ORIENTATION_NAME).exists())).samples
    return list(samples[:: max(1, len(samples) // limit)][:limit] if limit else samples)


def accuracy(name: str, reader: str, scored: Iterable[tuple[Sample, str]]) -> str:
    """One line of the first table; empty where no crop is to be scored."""
    pairs = list(scored)
    if not pairs:
        return ""
    found = compare([Reading("", "ok", text) for _, text in pairs], [sample.text for sample, _ in pairs])
    folded = f"{100 * found.folded.word_accuracy:.1f}" if found.folded else "-"
    return f"| {name} | {len(pairs)} | {reader} | {100 * found.exact.word_accuracy:.1f} | {folded} | {100 * found.exact.character_error_rate:.1f} |"


def accuracies(folders: dict[str, list[Sample]], outcomes: dict[str, Outcome], has_part_b: bool) -> Iterator[str]:
    """The first table; the texts of an outcome are those of all folders in order."""
    begin = 0
    for name, samples in folders.items():
        for reader, outcome in outcomes.items():
            if reader != "RapidOCR, one thread":  # which reads the same
                pairs = list(zip(samples, outcome.texts[begin : begin + len(samples)], strict=True))
                yield accuracy(name, reader, pairs)
                if has_part_b:
                    yield accuracy(f"{name}, part B", reader, [pair for pair in pairs if part_of(pair[0].text) == "B"])
        begin += len(samples)


def speeds(turns: Sequence[dict[str, Outcome]]) -> Iterator[str]:
    """The second table: rates, and the times against those of siga-ocr in the same round."""
    for name, first in turns[0].items():
        seconds, cpu = median(turn[name].seconds for turn in turns), median(turn[name].cpu_seconds for turn in turns)
        times = median(turn[name].seconds / turn["siga-ocr"].seconds for turn in turns)
        count = len(first.texts)
        yield f"| {name} | {first.setting} | {count / seconds:.1f} | {1000 * cpu / count:.1f} | {times:.2f} |"


def hardware() -> str:
    """The processor and how busy it is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores, busy = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    return f"{names[0] if names else platform.processor()}, {cores} cores, load {busy:.1f} before; Python {platform.python_version()}"


def main() -> None:
    """Run the readers in turns and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="each with labels.csv")
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=0, help="read only so many crops of each folder, evenly spread")
    parser.add_argument("--part-b", action="store_true")
    parser.add_argument("--child", choices=CONTESTANTS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.model, options.folders[0])
        return
    if len({folder.name for folder in options.folders}) < len(options.folders):
        parser.error("the folders need different names: the table tells them apart by these")
    print(hardware() + "\n")
    folders = {folder.name: samples_of(folder, options.limit) for folder in options.folders}
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "paths.json"
        names.write_text(json.dumps([str(sample.path) for samples in folders.values() for sample in samples]))
        there = [name for name, contestant in CONTESTANTS.items() if contestant.is_there()]
        turns = [{name: run(name, options.model, names) for name in there} for _ in range(options.rounds)]
    print("| crops | number | reader | exact % | folded % | CER % |\n" + "| --- " * 6 + "|")
    print("\n".join(line for line in accuracies(folders, turns[0], options.part_b) if line))
    print("\n" + SPEED_HEAD + "\n" + "| --- " * 8 + "|")
    print("\n".join(speeds(turns)))


if __name__ == "__main__":
    main()
