"""Calls of a window's methods by its parts, which must not keep the window alive.

A part that holds a bound method of its window makes a cycle of the two. Python would delete their
Qt objects at a collection, in an order that Qt does not survive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakMethod

Given = ParamSpec("Given")
Result = TypeVar("Result")


def weakly(method: Callable[Given, Result]) -> Callable[Given, Result | None]:
    """Return a function that calls a bound method while its object lives, and then does nothing.

    Parameters
    ----------
    method : callable
        A bound method.
    """
    reference = WeakMethod(method)

    def call(*args: Given.args, **named: Given.kwargs) -> Result | None:
        bound = reference()
        return None if bound is None else bound(*args, **named)

    return call
