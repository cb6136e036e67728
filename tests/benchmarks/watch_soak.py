"""A hot folder over many files: `python -m tests.benchmarks.watch_soak --count 100000`; memory must not grow, and each file is read once."""

import argparse
import json
import os
import shutil
import tempfile
import threading
from pathlib import Path
from time import monotonic, sleep

from siga_ocr.journal import Journal
from siga_ocr.reader import Reader
from siga_ocr.sources import Search
from siga_ocr.store.weights import DEFAULT
from siga_ocr.watch import Hot, Watch

CROP = Path(__file__).parent.parent.parent / "docs" / "samples" / "etched.png"
AHEAD = 2000
"""Files that lie in the folder at most: a line does not wait for the reader."""


def resident() -> float:
    """Megabytes of memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def feed(folder: Path, count: int, done: list[int], stop: threading.Event) -> None:
    """Let crops come as a camera writes them: under another name first."""
    for number in range(count):
        while number - done[0] > AHEAD and not stop.is_set():
            sleep(0.05)
        shutil.copy(CROP, folder / f"{number:06d}.png.part")
        (folder / f"{number:06d}.png.part").rename(folder / f"{number:06d}.png")


def main() -> None:
    """Read `--count` files and show rate and memory now and then."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--model", default=DEFAULT)
    asked = parser.parse_args()
    stop, done = threading.Event(), [0]
    with tempfile.TemporaryDirectory() as root:
        work = Path(root)
        (work / "in").mkdir()
        reader = Reader.load(asked.model, "cpu")
        feeder = threading.Thread(target=feed, args=(work / "in", asked.count, done, stop), daemon=True)
        feeder.start()
        begun = monotonic()
        with Journal(work / "out.jsonl") as journal:
            for _ in Watch(Hot(work / "in", Search(), settle=0.0, done=work / "done"), reader, journal).run(stop):
                done[0] += 1
                if done[0] % max(1, asked.count // 20) == 0:
                    print(f"{done[0]} files, {done[0] / (monotonic() - begun):.0f} a second, {resident():.0f} MB", flush=True)
                if done[0] == asked.count:
                    stop.set()
        with (work / "out.jsonl").open() as lines:
            names = [json.loads(line)["file"] for line in lines]
        print(f"{len(names)} records of {len(set(names))} files; {len(os.listdir(work / 'in'))} left.")  # noqa: PTH208


if __name__ == "__main__":
    main()
