"""Items made ahead come in order, and errors where they belong."""

import threading
from collections.abc import Iterator

import pytest

from siga_ocr.data.prefetch import prefetched


def failing_after(count: int) -> Iterator[int]:
    yield from range(count)
    raise ValueError("used up")


def test_order_is_kept() -> None:
    assert list(prefetched(iter(range(50)), 3)) == list(range(50))


def test_an_error_comes_after_the_items_before_it() -> None:
    items = prefetched(failing_after(3), 8)
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="used up"):
        next(items)


def test_closing_ends_the_thread() -> None:
    before = threading.active_count()
    items = prefetched(iter(range(10**9)), 2)
    assert next(items) == 0
    items.close()
    assert threading.active_count() == before
