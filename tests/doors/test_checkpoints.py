"""The door for checkpoints: tensors and nothing else come out of a PyTorch file, and what is wrong with it is said; no code in it is run."""

import builtins
import io
import os
import pickle
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from siga_ocr.errors import ModelError
from siga_ocr.model import build_model
from siga_ocr.store import checkpoint, conversion, foreign
from siga_ocr.store.official import converted
from siga_ocr.store.official_names import official_name
from tests.doors.edits import edited
from tests.doors.trial import outcome, timed, try_door, watched, within
from tests.narrow import narrow

MEMORY = 2**32


@pytest.fixture(autouse=True)
def _bounded(tmp_path: Path) -> Iterator[None]:
    with watched(tmp_path), within(MEMORY):
        yield


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """A checkpoint of a narrow SIGA-R, with the authors' names."""
    torch.manual_seed(0)
    ours = build_model(narrow("siga-r")).state_dict()
    return {f"module.{official_name(name, 'siga-r')}": tensor for name, tensor in ours.items()}


def saved(content: object, **options: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


class Call:
    """What unpickles to a call of a function."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def payloads(touched: Path) -> list[object]:
    """Calls that would leave a file behind, each in another way, and some that only take memory or time."""
    text = str(touched)
    calls = [Call(os.system, f"touch {text}"), Call(builtins.eval, f"open({text!r}, 'w')"), Call(builtins.exec, f"open({text!r}, 'w')")]
    calls += [Call(open, text, "w"), Call(Path.touch, touched), Call(subprocess.check_call, ["touch", text]), Call(os.mkdir, text)]
    calls += [Call(__import__, "os"), Call(torch.load, text), Call(bytearray, 2**40), Call(pickle.loads, pickle.dumps(Call(os.mkdir, text)))]
    return [*calls, Call(torch.jit.load, text), Call(torch.hub.load, text, "x"), Call(torch.save, 1, text)]


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    (tmp_path / "in").mkdir()
    for call in payloads(touched):
        for content in ({"net": {"a": call}}, call, {"net": {"a": torch.zeros(2)}, "optimiser": [call]}):
            files = [pickle.dumps(content), *(saved(content, _use_new_zipfile_serialization=new) for new in (True, False))]
            for data in files:
                timed(lambda data: refused(tmp_path / "in" / "file.pth", data), data)
    assert not touched.exists()


def refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"file\.pth"):
        foreign.network(path)


def test_files_are_networks_of_plain_tensors_or_refused(tmp_path: Path) -> None:
    tensors = {"module.a": torch.arange(6.0).reshape(2, 3), "module.b": torch.tensor(3)}
    contents = ({"net": tensors}, tensors, {"net": tensors, "optimizer": {"state": {0: {"step": 3}}}, "iteration": 7})
    wholes = [saved(content, _use_new_zipfile_serialization=new) for content in contents for new in (True, False)]
    wholes.append(repacked(wholes[0], zipfile.ZIP_DEFLATED))

    def holds(data: bytes) -> None:
        (tmp_path / "file.pth").write_bytes(data)
        found = outcome(lambda: foreign.network(tmp_path / "file.pth"), "file.pth")
        assert found is None or all(isinstance(name, str) and type(tensor) is Tensor and tensor.nbytes < 10**9 for name, tensor in found.items())

    heads = [data.find(b"data.pkl") for data in wholes if b"data.pkl" in data]
    try_door(st.one_of(edited(wholes, heads), st.binary(max_size=60)), holds, 120, wholes)


def repacked(data: bytes, compression: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", compression=compression) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return stream.getvalue()


OPCODES = st.lists(
    st.sampled_from(
        (b"}", b"]", b")", b"(", b"\x85", b"\x86", b"\x87", b"t", b"s", b"u", b"a", b"e", b"0", b"2", b"K\1", b"q\0", b"h\0", b"R", b"b", b".")
    )
    | st.sampled_from(
        (b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch\nFloatStorage\n", b"ccollections\nOrderedDict\n", b"cos\nsystem\n", b"Q", b"\x81")
    )
    | st.sampled_from((b"X\3\0\0\0net", b"X\7\0\0\0storage", b"\x8a\xff", b"\x8a\x04\xff\xff\xff\x7f", b"G" + b"\x7f" * 8, b"\x89", b"N")),
    max_size=40,
).map(lambda parts: b"\x80\2" + b"".join(parts) + b".")
"""Programs for the machine that unpickles."""


def test_any_program_of_a_pickle_is_refused_or_gives_tensors(tmp_path: Path) -> None:
    def holds(program: bytes) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packed:
            packed.writestr("a/data.pkl", program)
            packed.writestr("a/version", "3\n")
            packed.writestr("a/data/0", bytes(64))
        for data in (stream.getvalue(), program):
            (tmp_path / "file.pth").write_bytes(data)
            outcome(lambda: foreign.network(tmp_path / "file.pth"), "file.pth")

    try_door(OPCODES, holds, 150)


def test_tensors_of_other_shapes_kinds_and_values_are_named(state: dict[str, Tensor]) -> None:
    wanted = build_model(narrow("siga-r")).state_dict()
    wrong = (
        *(torch.zeros(()), torch.zeros(3, 1), torch.zeros(0), torch.zeros(1).expand(10**12), torch.zeros(2, dtype=torch.bool)),
        *(torch.zeros(2, dtype=torch.int8), torch.zeros(2, dtype=torch.float8_e4m3fn), torch.full((2,), torch.nan)),
    )
    changed = st.tuples(st.sampled_from(sorted(state)), st.sampled_from((*wrong, None)), st.booleans())

    def holds(change: tuple[str, Tensor | None, bool]) -> None:
        name, tensor, is_same_shape = change
        other = {key: value for key, value in state.items() if key != name}
        if tensor is not None:
            given = (
                torch.full_like(state[name], 0.5 if tensor.nelement() == 0 else tensor.flatten()[0].item(), dtype=tensor.dtype)
                if is_same_shape
                else tensor
            )
            other[name] = given
        found = outcome(lambda: converted(other, wanted, "siga-r"), "siga-r")
        assert found is None or all(found[key].shape == wanted[key].shape for key in wanted)
        assert found is None or all(bool(torch.isfinite(value).all()) for value in found.values())

    try_door(changed, holds, 40)


def test_a_conversion_leaves_a_whole_model_or_nothing(state: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "PRESETS", {"siga-r": narrow("siga-r")})
    monkeypatch.setattr(conversion, "tensors_of", foreign.network)
    source = tmp_path / "a\udcff\n{0}.pth"
    wholes = [saved({"net": state}), saved(state)]

    def holds(data: bytes) -> None:
        source.write_bytes(data)
        config = outcome(lambda: conversion.convert(source, "siga-r", tmp_path / "out"), "")
        assert (config is None) == (not (tmp_path / "out").exists())
        if config is not None:
            assert checkpoint.load(tmp_path / "out").config == config
            for path in (tmp_path / "out").iterdir():
                path.unlink()
            (tmp_path / "out").rmdir()

    try_door(edited(wholes), holds, 4, wholes)


def test_what_ends_the_process_that_reads_is_an_error(tmp_path: Path) -> None:
    deep = b"\x80\x04}" + b")" + b"\x85" * 10**6 + b"K\x01s."  # a key so deep that its hash overflows the stack
    with zipfile.ZipFile(tmp_path / "file.pth", "w") as packed:
        packed.writestr("a/data.pkl", deep)
        packed.writestr("a/version", "3\n")
    with pytest.raises(ModelError, match=r"file\.pth.*(safely|no plain tensor|no network)"):
        foreign.tensors_of(tmp_path / "file.pth")


def test_files_that_cannot_be_read_are_refused_before_anything_is_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    for path in (tmp_path / "pipe.pth", tmp_path, tmp_path / "none.pth", Path("a\0b.pth"), Path("/dev/zero")):
        with pytest.raises(ModelError, match="cannot be read"):
            foreign.tensors_of(path)
