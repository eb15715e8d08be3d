"""Page on which a case is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.core.messages import text, translate
from leakwatch.gui.widgets.list_page import ListPage
from leakwatch.training.training_case import TrainingItem


def choice_page() -> ListPage:
    """Return the page, still without cases."""
    nothing = text("There are no cases. Install the extra `sim`, or press G.")
    return ListPage(text("Training: choose a case"), text("begin"), nothing)


def choice_rows(items: Sequence[TrainingItem]) -> list[tuple[str, str]]:
    """Return place and description of each case; its name may reveal what happens in it."""
    return [
        (str(place), f"{place + 1:3}   {translate(item.about or item.name)}")
        for place, item in enumerate(items)
    ]
