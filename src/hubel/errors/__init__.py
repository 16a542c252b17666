"""Every error a user can meet, with the exit code of the command line and the HTTP status of a server.

HubelError                       1   500
├── WrongRequest                 2   400   the command has wrong words or values
│   └── UnknownName              2   404   a name that is in no catalogue
├── UnusableInput                3   422   the input cannot be used
│   ├── UnreadableImage          3   422   one image; ``code`` says which kind of fault
│   ├── UnusableCorpus           3   422   no images, one class only, no such folder
│   ├── DamagedArtefact          3   500   a classifier whose files are not as they were written
│   ├── DamagedCache             3   500   what was kept of a corpus was damaged while it was in use
│   ├── WeightsNotAvailable      3   503   pretrained weights neither cached nor downloadable
│   │   └── DownloadFailed       3   503   somebody said that they may be downloaded, and it failed
│   ├── BackendNotAvailable      3   500   no usable framework is installed
│   ├── OutOfMemory              3   500   the machine has no room for a step of training
│   └── OutputNotWritable        3   500   the output folder cannot be written, or holds another run
├── TrainingDiverged             5   500   a loss that is no longer a number
├── ClaimFailed                  5   500   two ways to compute the same do not agree
└── StoppedByUser              130   503   Ctrl-C

A message says what happened, which file or field, why, and what to do next. It is made of text and of values
(`hubel.errors.wording`), which each door puts into its own words; ``str(error)`` has those of Python.
"""

from __future__ import annotations

from hubel.errors.wording import Part, Text


class HubelError(Exception):
    """Base of every error that Hubel raises on purpose.

    Args:
        parts: the message, as of `Text`.
    """

    exit_code = 1
    http_status = 500

    def __init__(self, *parts: Part | Text) -> None:
        super().__init__(*parts)
        self.text = Text(*parts)

    def __str__(self) -> str:
        return str(self.text)


class WrongRequest(HubelError):
    """A value the user gave is outside of what is allowed."""

    exit_code = 2
    http_status = 400


class UnknownName(WrongRequest):
    """A name that its catalogue does not hold."""

    http_status = 404


class UnusableInput(HubelError):
    """The input exists in some form, but nothing can be made of it."""

    exit_code = 3
    http_status = 422


MAY_PASS = frozenset({"vanished", "permission-denied", "unreadable", "changed", "no-memory"})
"""Codes of faults of the moment: the same image may be readable the next time. All others are faults of its content."""


class UnreadableImage(UnusableInput):
    """One image cannot be read.

    Args:
        code: a short stable word for the kind of fault, such as ``"truncated"``.
        reason: why, and what to do, for people to read; without options, for it is also written into files.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    def __reduce__(self) -> tuple[type[UnreadableImage], tuple[str, str]]:
        return UnreadableImage, (self.code, self.reason)

    def without_traceback(self) -> UnreadableImage:
        """The same fault, to be kept: a traceback keeps alive what its frames hold, such as file and pixels."""
        return UnreadableImage(self.code, self.reason)

    @property
    def may_pass(self) -> bool:
        """The moment is to blame, not the image: such a fault must not be remembered."""
        return self.code in MAY_PASS


class UnusableCorpus(UnusableInput):
    """No classifier can be made of this corpus."""


class DamagedArtefact(UnusableInput):
    """A classifier folder whose content is not what was written."""

    http_status = 500


class DamagedCache(UnusableInput):
    """A file of the cache has changed since it was written, and a run is reading it."""

    http_status = 500


class WeightsNotAvailable(UnusableInput):
    """Pretrained weights are neither on this machine nor downloadable."""

    http_status = 503


class DownloadFailed(WeightsNotAvailable):
    """Somebody wanted pretrained weights to be downloaded, and they could not be."""


class PackageMissing(UnusableInput):
    """A package is not installed that this needs."""

    http_status = 500


class BackendNotAvailable(PackageMissing):
    """Keras has nothing to run on."""


class OutputNotWritable(UnusableInput):
    """The output folder cannot be used."""

    http_status = 500


class OutOfMemory(UnusableInput):
    """There is no room for a step of training."""

    http_status = 500


class TrainingDiverged(HubelError):
    """The training loss became infinite or undefined."""

    exit_code = 5


class ClaimFailed(HubelError):
    """Two ways to compute the same do not agree: what would be shown is not true."""

    exit_code = 5


class StoppedByUser(HubelError):
    """The user pressed Ctrl-C; what was finished is kept."""

    exit_code = 130
    http_status = 503
