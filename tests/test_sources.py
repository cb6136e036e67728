"""Rules of finding images: nothing that is named gets lost, and nothing is waited for that is not needed."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from io import BufferedReader, BytesIO
from itertools import chain
from pathlib import Path

import pytest

from siga_ocr.errors import NoInputError, UsageError
from siga_ocr.sources import Search, find_images

BELOW = Search(recursive=True)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def found(paths: Sequence[str | Path], search: Search | None = None, stream: bytes | None = None) -> list[str]:
    groups = find_images([str(path) for path in paths], search or Search(), None if stream is None else BytesIO(stream))
    return [image for group in groups for image in group]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_gives_its_images_by_name_joined_as_given(here: Path) -> None:
    touch(here, "in/b.PNG", "in/a.jpg", "in/c.txt", "in/.hidden.png", "in/sub/d.webp", "in/e.TiFF", "in/.git/f.png")
    assert found(["in"]) == ["in/a.jpg", "in/b.PNG", "in/e.TiFF"]
    assert found(["in/"], BELOW) == ["in/a.jpg", "in/b.PNG", "in/e.TiFF", "in/sub/d.webp"]


def test_patterns_stand_in_the_place_of_the_usual_suffixes(here: Path) -> None:
    touch(here, "in/a.jpg", "in/b.GIF", "in/c.dat", "in/.d.gif")
    assert found(["in"], Search(patterns=("*.gif", "c*"))) == ["in/b.GIF", "in/c.dat"]
    assert found(["in"], Search(patterns=(".*",))) == ["in/.d.gif"]


def test_named_files_come_as_given_in_the_order_given_missing_ones_too(here: Path) -> None:
    touch(here, "b.dat", "a.png")
    paths = ["b.dat", "missing.png", "a.png", "a.png", "x" * 5000, "zero\0byte"]
    assert found(paths) == paths


def test_nothing_at_all_is_an_error_that_says_where_it_looked(here: Path) -> None:
    touch(here, "sub/a.png")
    with pytest.raises(NoInputError, match="--recursive"):
        found(["."])
    (here / "empty").mkdir()
    with pytest.raises(NoInputError, match=r"No image in empty: .*\(\*\.gif\)"):
        found(["empty"], Search(recursive=True, patterns=("*.gif",)))
    with pytest.raises(NoInputError, match="stdin"):
        found(["-"], stream=b"\n\n")


def test_an_empty_folder_beside_an_image_is_no_error(here: Path) -> None:
    touch(here, "a.png")
    (here / "empty").mkdir()
    assert found(["empty", "a.png"]) == ["a.png"]


def test_links_are_not_followed_in_circles_and_a_link_to_itself_is_named(here: Path) -> None:
    touch(here, "in/a.png")
    (here / "in" / "circle.png").symlink_to(here / "in")
    (here / "in" / "loop.png").symlink_to("loop.png")
    assert found(["in"], BELOW) == ["in/a.png", "in/loop.png"]


def test_a_folder_that_vanishes_or_is_locked_is_named_itself(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(here, "in/a.png", "in/locked/b.png", "in/z.png")
    scan = os.scandir

    def refuse(folder: str) -> object:
        if folder.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(["in"], BELOW) == ["in/a.png", "in/locked", "in/z.png"]


def test_folders_may_be_deeper_than_the_stack(here: Path) -> None:
    deep = "d/" * 1100
    folder = os.open(here, os.O_RDONLY)
    for _ in range(1100):  # step by step, because the whole path is made of many
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("a.png", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    images = found(["."], BELOW)
    subprocess.run(["rm", "-rf", "d"], check=True)  # the test runner cannot clean up so deep
    assert images == [f"./{deep}a.png"]


def test_lists_hold_a_path_a_line_in_any_bytes(here: Path) -> None:
    touch(here, "in/a.png")
    (here / "list.txt").write_bytes(b"\xef\xbb\xbfone.png\r\n\n# two.png\n in\xff.png\nin\nlast.png")
    assert found(["@list.txt", "after.png"]) == ["one.png", "# two.png", " in\udcff.png", "in/a.png", "last.png", "after.png"]
    (here / "zero.txt").write_bytes(b"a\nb.png\0c.png\r\0")
    assert found(["@zero.txt"], Search(null=True)) == ["a\nb.png", "c.png\r"]
    touch(here, "@odd.png")
    assert found(["./@odd.png"]) == ["./@odd.png"]
    with pytest.raises(NoInputError, match=r"no list 'odd\.png'.*\./@odd\.png"):
        found(["@odd.png"])


def test_a_list_longer_than_what_is_read_at_once_keeps_every_path(here: Path) -> None:
    names = [f"{number:07d}.png" for number in range(20_000)]
    (here / "list.txt").write_text("\n".join(names))
    assert found(["@list.txt"]) == names
    assert found(["-"], stream="\n".join(names).encode()) == names


def test_each_path_on_the_stream_is_out_before_the_next_is_waited_for() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as stream:  # noqa: PTH123
        assert isinstance(stream, BufferedReader)
        groups = find_images(["first.png", "-", "last.png"], Search(), stream)
        assert list(next(groups)) == ["first.png"]
        for sent, whole in ((b"a.png\n", ["a.png"]), (b"b.png\nc.png\nd.p", ["b.png", "c.png"]), (b"ng\n", ["d.png"])):
            os.write(writing, sent)
            assert list(next(groups)) == whole
        os.close(writing)
        assert list(next(groups)) == ["last.png"]
        assert list(groups) == []


@pytest.mark.parametrize("parts", [(b"\xef\xbb\xbf", b"a.png\n"), (b"\xef", b"\xbb", b"\xbfa.png\nb"), (b"\xef\xbb\xbfa", b".png")])
def test_a_byte_order_mark_may_come_in_parts_and_before_the_first_path(parts: tuple[bytes, ...]) -> None:
    class Slow(BytesIO):
        """A stream that hands out one part at a time."""

        left = iter(parts)

        def read1(self, size: int | None = -1, /) -> bytes:
            del size
            return next(self.left, b"")

    groups = find_images(["-"], Search(), Slow())
    assert list(next(groups)) == ["a.png"]


def test_a_stream_that_ends_no_path_is_refused_before_it_is_read_to_its_end() -> None:
    zeros = BytesIO(bytes(20 * 2**20))
    with pytest.raises(UsageError, match=r"in stdin has more than 1 MiB: .* a line end\. There are zero bytes in it: use -0"):
        list(chain.from_iterable(find_images(["-"], Search(), zeros)))
    assert zeros.tell() < 2 * 2**20
    with pytest.raises(UsageError, match=r"by a zero byte\. There are line ends in it: leave -0 away"):
        found(["-"], Search(null=True), b"a.png\n" * 2**18)
    assert found(["-"], stream=b"x" * 2**20 + b"\na.png") == ["x" * 2**20, "a.png"]


def test_an_endless_path_in_a_list_names_the_list(here: Path) -> None:
    (here / "list.txt").write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(UsageError, match=r"A path in the list 'list\.txt' has more than 1 MiB: each is to be ended by a line end\.$"):
        found(["@list.txt"])


def test_the_stream_can_be_named_once() -> None:
    with pytest.raises(UsageError, match="once"):
        found(["-", "-"], stream=b"")


def test_an_empty_path_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="empty"):
        found(["a.png", ""])


def test_the_end_of_a_stream_is_asked_for_once() -> None:
    class Terminal(BytesIO):
        ends = 0

        def read1(self, size: int | None = -1, /) -> bytes:
            found = super().read1(size)
            self.ends += not found
            return found

    for typed in (b"", b"\xef\xbb", b"\xef\xbb\xbf", b"a.png\n"):
        stream = Terminal(typed)
        with suppress(NoInputError):
            list(chain.from_iterable(find_images(["-"], Search(), stream)))
        assert stream.ends == 1
