"""Finding input images: files, and folders that are searched."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from siga_ocr.errors import NoInputError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
"""What a folder is searched for, whatever the case; a file that is named itself may end in anything."""


def find_images(paths: Iterable[str], recursive: bool) -> Iterator[str]:
    """The images that `paths` name: files as given, folders sorted by name and joined with it; nothing is made absolute.

    A path that is not there, and a folder that cannot be listed, come out as they are: `read_crop` says why they cannot be read, so that
    they become rows and not silence. Entries that begin with a dot and, below a folder, links to folders are passed over.

    Raises:
        NoInputError: nothing at all was found.
    """
    found = False
    searched = []
    for path in paths:
        searched.append(path)
        for image in _in_folder(path, recursive) if Path(path).is_dir() else (path,):
            found = True
            yield image
    if not found:
        hint = "" if recursive else ", or search sub-folders with --recursive"
        kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise NoInputError(f"No image in {', '.join(searched) or 'nothing'}: name image files or folders that hold some ({kinds}){hint}.")


def _in_folder(folder: str, recursive: bool) -> Iterator[str]:
    """The images in one folder, by name; `folder` itself where it cannot be listed."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if recursive:
                yield from _in_folder(entry.path, recursive)
        elif Path(entry.name).suffix.lower() in SUFFIXES and not entry.is_dir():
            yield entry.path
