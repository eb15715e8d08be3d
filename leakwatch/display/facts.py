"""A named value beside the image, as strips, pages and videos show it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leakwatch.core.messages import sentence, translate


@dataclass(frozen=True, slots=True)
class Fact:
    """Named value for the side strip.

    Parameters
    ----------
    name, value : str
    warn : bool
        Numbers that depend on this are unreliable.
    large : bool
        Readable from two metres.
    past : bool
        Of an image that is not live: drawn dim.
    """

    name: str
    value: str
    warn: bool = False
    large: bool = False
    past: bool = False

    def translated(self) -> Fact:
        """Return the fact in the user's language, its name with a capital first letter."""
        return replace(self, name=sentence(self.name), value=translate(self.value))


def needed_at_a_glance(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Return those that cannot wait until somebody asks for details: clocks and warnings."""
    return tuple(fact for fact in facts if fact.warn or fact.large)
