"""How PyTorch says that memory did not suffice."""

import torch

_WORDS = ("DefaultCPUAllocator", "out of memory", "could not create a primitive", "could not create a memory object", "bad_alloc")
"""What PyTorch, and oneDNN and the C++ library below it, say then."""


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of PyTorch says that memory did not suffice, of a GPU or of this machine."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _WORDS)
