"""Peak memory of `siga-ocr read` for few files and for many: `read_memory.py FOLDER... [--counts 100 10000 100000]`.

Each count is a run of the command of its own, from a list of paths to a CSV file; the images of the folders are named again and again until
the list is long enough, and opened as often.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from tests.benchmarks.read_speed import images


def peak(names: Path, target: Path, arguments: Sequence[str]) -> tuple[float, float]:
    """MiB that the command held at most, and the seconds of the processors that it took.

    Raises:
        RuntimeError: it did not write a row for each path.
    """
    command = [sys.executable, "-m", "siga_ocr", "read", f"@{names}", "--format", "csv", "-o", str(target), "--exit-zero", "--quiet", *arguments]
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"siga-ocr read ended with {process.returncode}.")
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Read each number of files and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--counts", nargs="+", type=int, default=[100, 10_000, 100_000])
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args()
    paths = list(images(options.folders))
    print(f"{len(paths)} different images, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, engine {options.engine}")
    for count in options.counts:
        with tempfile.TemporaryDirectory() as folder:
            names, target, begun = Path(folder) / "names.txt", Path(folder) / "out.csv", time.perf_counter()
            names.write_text("\n".join(islice(cycle(paths), count)))
            memory, seconds = peak(names, target, ["--device", "cpu", "--engine", options.engine])
            with target.open("rb") as rows:
                written = sum(1 for _ in rows) - 1
            taken = time.perf_counter() - begun
            print(f"{written} rows: {memory:.0f} MiB at most, {taken:.0f} s, {1000 * seconds / count:.1f} ms of processor a crop", flush=True)


if __name__ == "__main__":
    main()
