"""What tests of several commands share."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fine-tuning on one core, so that nothing is spawned, with a base set of six crops."""
    monkeypatch.setattr("siga_ocr.training.machine.core_count", lambda: 1)
    monkeypatch.setattr("siga_ocr.tuning.base_set.COUNT", 6)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
