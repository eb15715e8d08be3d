"""The command line."""

from leakwatch.cli.program import app, main

__all__ = ["app", "main"]
