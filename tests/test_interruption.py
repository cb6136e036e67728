"""Ctrl-C waits within the block, a second one does not, and afterwards everything is as before."""

import os
import signal

import pytest

from siga_ocr.interruption import deferred


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_is_remembered_and_the_second_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred() as interruption:
        assert not interruption.is_wanted
        press()
        assert interruption.is_wanted
        press()  # a launcher passes the same one on
        monkeypatch.setattr("siga_ocr.interruption.ONE_PRESS", -1.0)
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is before
