"""Whoever fills part files: loads the model once, reads a part after the other, and finds the image that has killed others before."""

import json
import os
import socket
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Protocol

from siga_ocr import __version__
from siga_ocr.errors import DeviceError, DiskError, SigaError, UsageError
from siga_ocr.read_options import ReadOptions
from siga_ocr.reader import Reader
from siga_ocr.reading import Provenance, Reading
from siga_ocr.record import record
from siga_ocr.scale.parts import PartFolder
from siga_ocr.scale.tries import Deaths, Tries

PART_SIZE = 1000
"""Images in a part: what is read again, at most, where a process dies."""

DEATHS_OF_AN_IMAGE = 2
"""Processes that have to die over one image, read alone, until it is given up."""

OTHER_DEATHS = 5
"""Processes that may die over a part elsewhere than at an image."""


@dataclass(frozen=True)
class Order:
    """A part that is to be filled: its number and the images, which go into it in this order."""

    number: int
    images: tuple[str, ...]

    def packed(self) -> str:
        """As text for a journey to another machine, whatever bytes the names hold."""
        return json.dumps([self.number, *self.images])

    @classmethod
    def unpacked(cls, text: str) -> "Order":
        """What `packed` has made a text of."""
        number, *images = json.loads(text)
        return cls(number, tuple(images))


def orders(images: Iterable[str], written: Collection[int], size: int = PART_SIZE) -> Iterator[Order]:
    """Parts for images in order, with the lowest numbers that no written part has: the same images get the same parts after an interruption."""
    left, numbers = iter(images), (number for number in count() if number not in written)
    while part := tuple(islice(left, size)):
        yield Order(next(numbers), part)


@dataclass(frozen=True)
class Work:
    """What is the same for all parts: what reads and how, where parts go, and the folder from which relative paths count.

    `version` is that of the program that gives the orders.
    """

    model: str
    device: str
    engine: str
    options: ReadOptions
    parts: PartFolder
    start: str
    version: str = __version__


@dataclass(frozen=True)
class Done:
    """What became of an order: how many images got each status, and who did it; or the `fault` for which the run must end, with its exit code."""

    number: int
    statuses: dict[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    machine: str = field(default_factory=socket.gethostname)
    process: int = field(default_factory=os.getpid)
    fault: str = ""
    exit_code: int = 0

    def packed(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @classmethod
    def unpacked(cls, text: str) -> "Done":
        """What `packed` has made a text of."""
        values = json.loads(text)
        return cls(**values | {"notices": tuple(values["notices"])})


class ReadsImages(Protocol):
    """What a `Reader` does, as far as parts need it."""

    provenance: Provenance
    notices: list[str]

    def read(self, sources: Sequence[str], /) -> Iterator[Reading]:
        """One reading for each path, in order."""
        ...


class PartReader:
    """Fills one part after the other with one reader, which is loaded with the first of them."""

    def __init__(self, work: Work, reader: ReadsImages | None = None) -> None:
        self._work = work
        self._reader = reader
        self._said = 0

    def fill(self, order: Order) -> Done:
        """Read the images of a part and write it. What a user can put right comes back as a fault: other machines have to hear of it."""
        try:
            return self._filled(order)
        except SigaError as error:
            return Done(order.number, fault=str(error), exit_code=error.exit_code)

    def _filled(self, order: Order) -> Done:
        self._check(order)
        tries = Tries(self._work.parts.tries(order.number))
        deaths = tries.begin()
        others = deaths.elsewhere + deaths.at[len(order.images)]
        if others >= OTHER_DEATHS:
            raise DeviceError(f"{others} processes died over part {order.number}, at no image: is there too little memory? Ray's logs may say why.")
        reader = self._loaded()
        is_first = not deaths.at and not deaths.elsewhere
        if not is_first:
            reader.notices.append(f"A process died over part {order.number}; its images were read one by one.")
        readings = reader.read(order.images) if is_first else _one_by_one(reader, order.images, tries, deaths)
        records = [record(reading, reader.provenance) for reading in readings]
        self._work.parts.write(order.number, records)
        tries.forget()
        said, self._said = self._said, len(reader.notices)
        return Done(order.number, dict(Counter(str(one["status"]) for one in records)), tuple(reader.notices[said:]))

    def _loaded(self) -> ReadsImages:
        if self._reader is None:
            work = self._work
            self._reader = Reader.load(work.model, work.device, work.engine, work.options)
        return self._reader

    def _check(self, order: Order) -> None:
        """What a machine must have in common with the one that gives the orders."""
        work = self._work
        if work.version != __version__:
            raise UsageError(f"siga-ocr is {__version__} here and {work.version} where --ray was said: install one version on all machines.")
        if not work.parts.path.is_dir():
            raise DiskError(f"The folder {work.parts.path} is not there: it has to lie on a disk that all machines see under one path.")
        try:
            os.chdir(work.start)
        except OSError as error:
            if not all(Path(image).is_absolute() for image in order.images):
                reason = f"{error.strerror}: relative paths need it on all machines, absolute ones do not"
                raise DiskError(f"The folder {work.start} cannot be entered ({reason}).") from error


def _one_by_one(reader: ReadsImages, images: Sequence[str], tries: Tries, deaths: Deaths) -> Iterator[Reading]:
    """Readings of a part over which a process has died: each image is noted before it is read; one that has killed enough is not read again."""
    for place, image in enumerate(images):
        killed = deaths.at[place]
        if killed >= DEATHS_OF_AN_IMAGE:
            reason = f"{killed} processes that read it died: it may need more memory than there is, or break a decoder"
            yield Reading(image, "error", error=reason, read_at=datetime.now(UTC).isoformat(timespec="milliseconds"))
            continue
        tries.at(place)
        yield from reader.read([image])
    tries.at(len(images))
