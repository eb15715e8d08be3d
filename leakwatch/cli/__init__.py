"""Program `leakwatch`; `main` is its entry point, `app` the typer application."""

from __future__ import annotations

try:
    from leakwatch.cli.program import app, main
except (ImportError, OSError) as _error:
    # A library is absent or damaged. Which one, and what to do, is said without any of them.
    from leakwatch.cli.broken_install import main_of

    app, main = None, main_of(_error)  # type: ignore[assignment]

__all__ = ["app", "main"]
