"""What went wrong between us and a hub, in words a user can act on."""

import errno
from collections.abc import Iterator

from siga_ocr.errors import DiskError, ModelError, SigaError

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EPERM}


def explained(error: Exception, address: str, advice: str) -> SigaError:
    """The error that says what, which, and what to do now, which is `advice` where the network is at fault."""
    if isinstance(error, OSError) and error.errno in _DISK:
        return DiskError(f"{address} cannot be stored: {error.strerror}. Free some space, or name another folder with SIGA_OCR_HOME.")
    for cause in _causes(error):
        if (status := getattr(getattr(cause, "response", None), "status_code", None)) is not None:
            return ModelError(_refusal(int(status), type(cause).__name__, address))
    return ModelError(f"The network failed us for {address} ({_shown(error)}). {advice}")


def _refusal(status: int, kind: str, address: str) -> str:
    if kind == "RevisionNotFoundError":
        return f"{address} has no such revision (404): name another branch, tag or commit behind the @."
    if kind == "GatedRepoError" or status == 403:
        return f"{address} is not open to you ({status}): ask its owner for access, and set HF_TOKEN to a token that has it."
    if status == 401:
        return f"{address} does not exist or wants a token (401): check the name, and set HF_TOKEN to a token that may use it."
    if status == 404:
        return f"{address} does not exist (404): check the name; a private repository wants HF_TOKEN."
    return f"The hub answered {status} for {address}: try again later."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _shown(error: Exception) -> str:
    """The innermost cause in one line."""
    *_, innermost = _causes(error)
    lines = str(innermost).strip().splitlines()
    return f"{type(innermost).__name__}: {lines[0]}" if lines else type(innermost).__name__
