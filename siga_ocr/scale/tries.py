"""What became of those that tried to fill a part before: a note beside it, which a process leaves behind when it is killed."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from siga_ocr.errors import DiskError

BEGUN = "begun"


@dataclass
class Deaths:
    """How many died at each place of the part, and how many `elsewhere`: while they loaded, or read several images at once.

    The place behind the last image stands for the writing.
    """

    at: Counter[int] = field(default_factory=Counter)
    elsewhere: int = 0


class Tries:
    """The note of one part: a line for each try, and one for each image that a careful try has come to.

    Raises:
        DiskError: it cannot be written or read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self) -> Deaths:
        """Note a new try; what the earlier ones died of."""
        deaths = Deaths()
        for places in self._earlier():
            if places:
                deaths.at[places[-1]] += 1
            else:
                deaths.elsewhere += 1
        self._add(BEGUN)
        return deaths

    def at(self, place: int) -> None:
        """Note that the image at this place is read now."""
        self._add(str(place))

    def forget(self) -> None:
        """The part is written: nothing is to be known any more."""
        self._path.unlink(missing_ok=True)

    def _earlier(self) -> list[list[int]]:
        """The places that each try has come to."""
        try:
            _, *tries = self._path.read_text(encoding="ascii").split(f"{BEGUN}\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DiskError(f"{self._path} cannot be read: {error.strerror}.") from error
        return [[int(line) for line in one.splitlines()] for one in tries]

    def _add(self, line: str) -> None:
        try:
            with self._path.open("a", encoding="ascii") as stream:
                stream.write(f"{line}\n")
        except OSError as error:
            raise DiskError(f"{self._path} cannot be written: {error.strerror}. Free some space, then go on with --resume.") from error
