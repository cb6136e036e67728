"""Where the fixtures of the published networks lie: beside the project, or where SIGA_OCR_PARITY says."""

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

FOLDER = Path(os.environ.get("SIGA_OCR_PARITY", Path(__file__).parents[2] / "shared" / "parity"))


def fixture_folder() -> Path:
    """The folder of the fixtures; without it the test is skipped, or fails where a skip would hide something (CI=true)."""
    if not FOLDER.is_dir():
        reason = f"no parity fixtures in {FOLDER}: set SIGA_OCR_PARITY to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return FOLDER


def arrays(name: str) -> dict[str, np.ndarray]:
    with np.load(fixture_folder() / f"{name}.npz") as stored:
        return {key: stored[key] for key in stored.files}


def official_keys(name: str) -> dict[str, list[int]]:
    keys: dict[str, list[int]] = json.loads((fixture_folder() / f"{name}_official_keys.json").read_text())
    return keys


def seeded_state(name: str) -> dict[str, torch.Tensor]:
    """The official state dict that the fixtures were made with."""
    spec = importlib.util.spec_from_file_location("seeded_weights", fixture_folder() / "seeded_weights.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {key: torch.from_numpy(np.asarray(value)) for key, value in module.seeded_state_dict(FOLDER / f"{name}_official_keys.json").items()}
