"""Reading on a local Ray beside the plain command: `ray_read.py FOLDER... [--count 10000]`.

Three runs of the command over the same paths, each a process of its own from start to exit: plain, with `--ray local`, and with `--ray local` where
a reader is killed after the first part. The rows of all have to be the same, in the same order. The images of the folders are named again and
again until the list is long enough. Linux only: the readers are found in `/proc`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.benchmarks.read_speed import images

NEAR = 1e-5
"""Confidences may differ by so much: batches of other crops round differently."""


def read(names: Path, target: Path, arguments: list[str], kill: bool = False) -> float:
    """Seconds from start to exit; with `kill` a reader dies once the first part is there.

    Raises:
        RuntimeError: the command failed.
    """
    begun = time.perf_counter()
    command = [sys.executable, "-m", "siga_ocr", "read", f"@{names}", "-o", str(target), "--exit-zero", "--quiet", "--device", "cpu", *arguments]
    process = subprocess.Popen(command)
    if kill:
        while process.poll() is None and not list(target.glob("part-*")):
            time.sleep(0.05)
        victim = next(readers(process.pid))
        os.kill(victim, signal.SIGKILL)
        print(f"process {victim} was killed {time.perf_counter() - begun:.1f} s after the start")
    if process.wait():
        raise RuntimeError(f"siga-ocr read ended with {process.returncode}.")
    return time.perf_counter() - begun


def readers(command: int) -> Iterator[int]:
    """The processes in which Ray reads, among those that a command has started."""
    parents, titles = dict[int, int](), dict[int, bytes]()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            titles[int(path.name)] = (path / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
    for one, title in titles.items():
        above = one
        while above and above != command:
            above = parents.get(above, 0)
        if above and title.startswith(b"ray::MapWorker"):
            yield one


def rows(files: list[Path]) -> list[dict[str, object]]:
    """All records in order, without what differs from run to run."""
    records = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    return [{name: value for name, value in one.items() if name not in ("read_at", "elapsed_ms")} for one in records]


def same(one: object, other: object) -> bool:
    """Whether two values are equal, numbers nearly so."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= NEAR
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def main() -> None:
    """Read three times, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    paths = list(images(options.folders))
    print(f"{options.count} crops, {len(paths)} of them different, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        names, plain = Path(folder) / "names.txt", Path(folder) / "plain.jsonl"
        names.write_text("\n".join(islice(cycle(map(str, paths)), options.count)))
        seconds = read(names, plain, [])
        expected = rows([plain])
        print(f"plain: {len(expected)} rows, {seconds:.1f} s, {options.count / seconds:.0f} crops a second", flush=True)
        for kill in (False, True):
            target = Path(folder) / f"parts-{kill}"
            seconds = read(names, target, ["--ray", "local"], kill)
            found = rows(sorted(target.glob("part-*")))
            print(
                f"--ray local{', a reader killed' if kill else ''}: {len(found)} rows, {seconds:.1f} s, {options.count / seconds:.0f} crops a second"
            )
            exactly = sum(map(dict.__eq__, found, expected))
            alike = sum(map(same, found, expected))
            print(f"  {exactly} rows equal to the last digit, {alike} with numbers within {NEAR}, {len(expected)} expected", flush=True)
            assert len(found) == len(expected) == alike


if __name__ == "__main__":
    main()
