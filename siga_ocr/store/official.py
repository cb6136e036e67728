"""The authors' checkpoints: their weights under our names, every key accounted for (specification, section 9)."""

import re
from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from siga_ocr.config import Architecture
from siga_ocr.errors import ModelError
from siga_ocr.store.checkpoint import are_numbers
from siga_ocr.store.official_names import PLACES, official_name

PREFIX = "module."
COUNTER = "num_batches_tracked"
"""Of batch normalisation; nothing that we compute needs it, and old versions of PyTorch did not write it."""

SHOWN, LONGEST_NAME = 5, 120
"""Names in a message, and characters of each."""

_TWO_STEPS = (
    r"model_two\.downsampler\.(weight|bias)",  # never used
    r"model_one\.Transformation\.GridGenerator\.(inv_delta_C|P_hat)",  # computed from the sizes
)
DROPPED: dict[Architecture, tuple[str, ...]] = {
    "siga-r": _TWO_STEPS,
    "siga-s": (*_TWO_STEPS, r"model_two\.loss\.iou_loss\.crossentropy\.weight"),
    "siga-t": (r"mgp_str\.(norm|head)\.(weight|bias)", r"mgp_str\.segmentation\.token_norm_2\.(weight|bias)"),
}
"""Keys of the checkpoints that are no part of the networks' computation."""


def published() -> tuple[Architecture, ...]:
    """The networks that there are checkpoints of."""
    return tuple(PLACES)


def converted(official: Mapping[str, Tensor], wanted: Mapping[str, Tensor], architecture: Architecture) -> dict[str, Tensor]:
    """The published state, keys with or without `module.`, under our names; `wanted` are the tensors of the network that it is for.

    Raises:
        ModelError: keys are missing or unknown, have another shape, or hold no finite numbers of the right kind; the message names them.
    """
    given = {key.removeprefix(PREFIX): tensor for key, tensor in official.items()}
    _refuse("holds twice, with and without module.:", [key for key in official if f"{PREFIX}{key}" in official], architecture)
    given = {key: tensor for key, tensor in given.items() if not any(re.fullmatch(pattern, key) for pattern in DROPPED[architecture])}
    names = {ours: official_name(ours, architecture) for ours in wanted}
    given = {name: torch.zeros((), dtype=torch.long) for name in names.values() if name.endswith(COUNTER)} | given
    _refuse("lacks", [name for name in names.values() if name not in given], architecture)
    _refuse("holds what that network does not have:", given.keys() - set(names.values()), architecture)
    shapes = {ours: _ours(ours, torch.empty(given[name].shape, device="meta"), architecture).shape for ours, name in names.items()}
    _refuse("has another shape for", [names[ours] for ours, shape in shapes.items() if shape != wanted[ours].shape], architecture)
    wrong = [name for ours, name in names.items() if not are_numbers(given[name], wanted[ours])]
    _refuse("holds no finite numbers of the right kind in", wrong, architecture)
    return {ours: _ours(ours, given[name], architecture) for ours, name in names.items()}


def _ours(name: str, tensor: Tensor, architecture: Architecture) -> Tensor:
    """A tensor as our network has it: SIGA-T orders some of them otherwise.

    Its classes are start, end, characters, ours end, characters, start; its embeddings have a row more, which nothing uses. Its final gate takes
    the scales the other way round: z tanh(a) + (1 - z) tanh(b) stays the same when a and b change places and W and its bias change sign.
    """
    if architecture != "siga-t" or tensor.ndim == 0:
        return tensor
    if ".classify." in name and not name.startswith("trunk."):
        return torch.cat([tensor[1:], tensor[:1]])
    if name.endswith("previous.table.weight"):
        return torch.cat([tensor[1:-1], tensor[:1]])
    if name.startswith("head.gate.weigh."):
        return -tensor.roll(tensor.shape[1] // 2, 1) if tensor.ndim == 2 else -tensor
    return tensor


def _refuse(fault: str, names: Collection[str], architecture: Architecture) -> None:
    if names:
        shown, more = [name[:LONGEST_NAME] for name in sorted(names)[:SHOWN]], len(names) - SHOWN
        rest = f" and {more} more" if more > 0 else ""
        raise ModelError(f"The checkpoint {fault} {', '.join(shown)}{rest}. Is it one of {architecture}? --arch says of which network it is.")
