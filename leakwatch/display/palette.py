"""Table of all colours: of the screen, of each level, and of each kind of line.

Tests compute from this table, by the formulas of WCAG 2.2 and the matrices of Machado et al. (2009,
doi 10.1109/TVCG.2009.113), that

- in a dark room what is more urgent is brighter: STOP, WATCH, blindness, then all that is calm;
- words have a contrast of at least 4.5 on their ground, and bars of a timeline at least 3 on a dark
  and on a white page;
- wall, cement and vein, and STOP and CLEAR, stay apart for people who see no red or no green.
"""

from __future__ import annotations

from dataclasses import dataclass

# Grounds of the window, from dark to bright; black would hide the blanked corners of a frame.
SCREEN, SUNKEN, RAISED, BUTTON, BUTTON_HOVER = "#0B0E12", "#151B22", "#1B222B", "#232C37", "#2E3947"
RIM = "#3A4654"
# Words on them. QUIET is for names of values, DISABLED for what cannot be pressed now.
INK, QUIET, DISABLED, WARN, ACCENT = "#F2F5F8", "#9AA7B5", "#8592A1", "#FFC400", "#38B6FF"


@dataclass(frozen=True, slots=True)
class StateColours:
    """Colours of a state of the monitor.

    Parameters
    ----------
    ground, ink : str
        Of the banner and its words.
    bar : str
        On a timeline, on a dark or a white page; words on it are black.
    flash_ground, flash_ink : str
        Of the other half of a flash.
    """

    ground: str
    ink: str
    bar: str
    flash_ground: str
    flash_ink: str


STOP = StateColours("#FF5A48", "#000000", "#DD4A38", "#FFF1EE", "#8E0010")
WATCH = StateColours("#A07400", "#000000", "#B08600", "#6E5000", "#FFFFFF")
BLIND = StateColours("#5A6675", "#FFFFFF", "#8A94A0", "#333B45", "#FFFFFF")
CLEAR = StateColours("#0B4A42", "#FFFFFF", "#2A9088", "#0B4A42", "#FFFFFF")
PARTLY = StateColours("#24405E", "#FFFFFF", "#5A86BE", "#24405E", "#FFFFFF")
OFF = StateColours("#23272C", "#D5DBE2", "#7C858F", "#23272C", "#D5DBE2")
ACKNOWLEDGED = StateColours("#46191B", "#FFFFFF", "#DD4A38", "#46191B", "#FFFFFF")
# The rim around the image while a STOP stands, acknowledged or not.
STOP_RIM = STOP.ground

# Lines over a grey image, each with a dark edge. People who see no red or no green keep blue
# against yellow, and bright against dark: the wall is yellow, cement is blue, a vein a darker red.
WALL, MARGIN = "#FFE600", "#F29400"
CEMENT, NEW_CEMENT, TRUE_CEMENT = "#38B6FF", "#C8F6FF", "#7DFF9B"
VEIN, POSSIBLE_VEIN = "#FF2A5C", "#FFA7B8"
OUTLINE, SHORTEST = "#C9D3DE", "#FFFFFF"
# Letters and handles over an image, and the shade that keeps them legible on any grey.
OVER, SHADE = "#FFFFFF", "#000000"

# Training: when a STOP was due, that of the trainee, that of LeakWatch; what to reach.
DUE, TRAINEE, LEAKWATCH, TARGET = WARN, ACCENT, "#C9A6FF", "#7DFF9B"
MISSED = STOP.ground
# The same on white paper.
PAPER_TRAINEE, PAPER_MISSED = "#1F5FA8", "#B00020"
