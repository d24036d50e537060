"""Errors that a user of the command line can mend: they say what, where, and what was expected."""

__all__ = ['InputError', 'MissingFileError', 'StoppedError']


class InputError(ValueError):
    """Wrong input: a config key, an argument, a line of a list, a checkpoint, a video.

    The message names the file, key or argument and says what was expected. The commands under
    ``tools/`` print it without a traceback and exit with status 2.
    """


class MissingFileError(InputError, FileNotFoundError):
    """A file or folder that the input names does not exist."""


class StoppedError(Exception):
    """The system asked a training run to stop; it has saved its state. The message names the file.

    ``tools/train.py`` prints it and exits with status 75, which means: start me again.
    """
