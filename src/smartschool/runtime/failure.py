"""Owns the one-line failure of the runtime: what happened and what to do, in Chinese, no traceback."""


class Failure(Exception):
    """Ends a command with its message on stderr and exit code 1."""
