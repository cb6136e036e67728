"""How fast images on the disk become a CSV file, beside RapidOCR on the same crops: `read_speed.py FOLDER... [--rounds 5]`.

Each job is a process of its own, and the jobs take turns, so that a machine that is busy with other work slows both alike: the ratio holds
where the rates do not. A rate counts from the first file to the last record, without imports and the loading of models.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import numpy as np

PEER_BATCH = 64
SHORTEST = "import sys, cv2\nfrom rapidocr_onnxruntime import RapidOCR\nprint(RapidOCR().text_rec([cv2.imread(sys.argv[1])])[0][0][0])\n"


@dataclass(frozen=True)
class Timed:
    """Seconds from the first file to the last record, of the processors too, and the largest memory of the process in MiB."""

    seconds: float
    cpu_seconds: float
    memory: float


def read_here(paths: Sequence[str], out: Path) -> Callable[[], None]:
    """Our reader, loaded."""
    from siga_ocr.reader import Reader

    reader = Reader.load(device="cpu")

    def job() -> None:
        with out.open("w", newline="") as stream:
            writer = csv.writer(stream)
            for reading in reader.read(paths):
                writer.writerow([reading.file, reading.text, reading.confidence])

    return job


def read_with_peer(paths: Sequence[str], out: Path, **options: int) -> Callable[[], None]:
    """RapidOCR's recogniser, loaded, with its own defaults or with options."""
    import cv2
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR(**options)

    def job() -> None:
        with out.open("w", newline="") as stream:
            writer = csv.writer(stream)
            for begin in range(0, len(paths), PEER_BATCH):
                chunk = [(path, cv2.imread(path)) for path in paths[begin : begin + PEER_BATCH]]
                found, _ = engine.text_rec([image for _, image in chunk])
                writer.writerows([path, text, confidence] for (path, _), (text, confidence, *_) in zip(chunk, found, strict=True))

    return job


def read_with_peer_alone(paths: Sequence[str], out: Path) -> Callable[[], None]:
    """RapidOCR on one thread, which spends no processor time on waiting: what its work costs at least."""
    return read_with_peer(paths, out, intra_op_num_threads=1, inter_op_num_threads=1)


JOBS = {"siga-ocr": read_here, "RapidOCR": read_with_peer, "RapidOCR, one thread": read_with_peer_alone}


def child(name: str, names: Path) -> None:
    """One job in this process: reads the paths in a file and prints what it took."""
    paths = names.read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        job = JOBS[name](paths, Path(folder) / "out.csv")
        begun, cpu = time.perf_counter(), time.process_time()
        job()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([time.perf_counter() - begun, time.process_time() - cpu, memory]))


def start(name: str, names: Path) -> subprocess.Popen[str]:
    """A job in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.read_speed", "--child", name, str(names)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> Timed:
    """What a job took."""
    output, _ = process.communicate()
    return Timed(*json.loads(output.splitlines()[-1]))


def throughput(names: Path, count: int, rounds: int) -> None:
    """Crops a second of each, in turns."""
    turns = [{name: finish(start(name, names)) for name in JOBS} for _ in range(rounds)]
    for name in JOBS:
        timed = [turn[name] for turn in turns]
        seconds, cpu = median(t.seconds for t in timed), median(t.cpu_seconds for t in timed)
        ratio = median(turn[name].seconds / turn["siga-ocr"].seconds for turn in turns)
        cpu_ratio = median(turn[name].cpu_seconds / turn["siga-ocr"].cpu_seconds for turn in turns)
        print(
            f"{name:22}{count / seconds:6.1f} crops/s, {1000 * cpu / count:5.2f} ms of processor a crop, {max(t.memory for t in timed):.0f} MiB,",
            end="",
        )
        print(f" {ratio:.2f} times the time and {cpu_ratio:.2f} times the processor time of siga-ocr")


def four_at_once(names: Path, count: int) -> None:
    """The rate of four processes together against that of one."""
    alone = count / finish(start("siga-ocr", names)).seconds
    together = [start("siga-ocr", names) for _ in range(4)]
    rate = sum(count / finish(process).seconds for process in together)
    print(f"four processes at once: {rate:.1f} crops/s together, one alone {alone:.1f}")


def cold(path: str, rounds: int) -> None:
    """From the start of a process to its end, for one crop, and for `--help`."""
    ours = [sys.executable, "-m", "siga_ocr", "read", path, "--format", "csv"]
    commands = {"siga-ocr": ours, "RapidOCR": [sys.executable, "-c", SHORTEST, path], "--help": [sys.executable, "-m", "siga_ocr", "--help"]}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            taken[name].append((time.perf_counter() - begun, cpu))
    for name, pairs in taken.items():
        print(f"cold {name}: {median(p[0] for p in pairs):.2f} s, of the processor {median(p[1] for p in pairs):.2f} s")


def memory(paths: Sequence[str], folder: Path, counts: Sequence[int]) -> None:
    """The largest memory for few crops and for many."""
    for count in counts:
        names = folder / "names.txt"
        names.write_text("\n".join(islice(cycle(paths), count)))
        print(f"memory for {count} crops: {finish(start('siga-ocr', names)).memory:.0f} MiB")


def multiply_rate(seconds: float = 1.0) -> float:
    """Multiply-adds a second of one core on large matrices."""
    matrix, count, begun = np.random.default_rng(0).random((512, 512), dtype=np.float32), 0, time.process_time()
    while time.process_time() - begun < seconds:
        matrix @ matrix
        count += 1
    return count * 512**3 / (time.process_time() - begun)


def images(folders: Sequence[Path]) -> Iterator[str]:
    """Every image of the folders."""
    return (str(path) for folder in folders for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".png", ".jpeg"))


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=int, default=1000, help="crops in each job, evenly spread")
    parser.add_argument("--many", type=int, default=0, help="measure the memory for so many crops too")
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]))
        return
    paths = list(images(options.folders))
    paths = paths[:: max(1, len(paths) // options.limit)][: options.limit]
    with tempfile.TemporaryDirectory() as name:
        names = Path(name) / "paths.txt"
        names.write_text("\n".join(paths))
        print(f"{len(paths)} crops, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        throughput(names, len(paths), options.rounds)
        four_at_once(names, len(paths))
        cold(paths[0], options.rounds)
        memory(paths, Path(name), [100, *([options.many] if options.many else [])])
    print(f"multiply-adds of one core: {multiply_rate() / 1e9:.0f} thousand million a second")


if __name__ == "__main__":
    main()
