"""Everything a user can put right, as one tree; each kind knows the exit code that a shell script will see."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command; where several apply, the first of 6, 5, 4, 3, 1, 7 wins."""

    OK = 0
    NOT_ALL = 1
    USAGE = 2
    NO_INPUT = 3
    MODEL = 4
    DEVICE = 5
    DISK = 6
    UNSURE = 7
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "all accepted",
    ExitCode.NOT_ALL: "some not accepted (status review or error); 0 with --exit-zero",
    ExitCode.USAGE: "wrong use",
    ExitCode.NO_INPUT: "no input found",
    ExitCode.MODEL: "model missing, damaged or not to be had from the network",
    ExitCode.DEVICE: "device not there, or without enough memory",
    ExitCode.DISK: "a result could not be written",
    ExitCode.UNSURE: "verify: none differs, but some are unsure",
    ExitCode.INTERRUPTED: "interrupted",
}
"""The one table of exit codes: the help shows it, the documentation repeats it."""


class SigaError(Exception):
    """Base of all errors that the user can act on: the message says what, which, and what to do now."""

    exit_code = ExitCode.NOT_ALL


class UsageError(SigaError):
    """An option, argument or configuration value that cannot be used."""

    exit_code = ExitCode.USAGE


class NoInputError(SigaError):
    """Nothing to read was found."""

    exit_code = ExitCode.NO_INPUT


class ModelError(SigaError):
    """A model is missing, damaged, or does not fit what was asked of it."""

    exit_code = ExitCode.MODEL


class DeviceError(SigaError):
    """The device that was asked for is not there or does not work."""

    exit_code = ExitCode.DEVICE


class DiskError(SigaError):
    """A file could not be written."""

    exit_code = ExitCode.DISK


class UnreadableImage(SigaError):
    """One image that cannot be decoded: it becomes a row with status `error`, the run goes on."""


class LabelError(SigaError):
    """A label file or a label that cannot be used."""

    exit_code = ExitCode.USAGE


class TrainingError(SigaError):
    """Training cannot go on."""


class ProcessLost(TrainingError):
    """A process that shared a training has ended, cannot be reached or never came; the last checkpoint is as good as before."""
