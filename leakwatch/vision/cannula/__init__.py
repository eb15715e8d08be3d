"""Cannula: a straight tube of steel, found in the baseline and tracked in every frame.

A cannula that moves, or that fills, changes the picture as cement does; and cement behind it must
be seen in spite of it. So each cannula is measured before there is any cement. From then on it is
taken out of every frame as it is now, and what is left was added by something else.

Found once, in the baseline, by ``cannulas.CannulaDetector.find``:

===================== ============================================================
`line_search`         the line of a straight even ridge on which one may lie
`cannula_measurement` width, profile, contrast and bend along that line
`profile_fit`         shift and width of a profile, by least squares
`cannula_search`      both steps together, for needles and for wider ones
`pair_search`         two that cross or touch; `pair_fit` fits both at once
===================== ============================================================

Tracked in every frame, by ``cannulas.CannulaDetector.track``:

===================== ============================================================
`pose_estimation`     where the axis is
`front_end`           how far the cannula was drawn back
`appearance`          what changed of its looks; `lumen` reads what it holds
`excess`              what lies behind it
`traces`              what errors of its model look like, once it has moved
`tracking`            all of these for one cannula; `cannulas` for all of them
===================== ============================================================

They share `cannula_model` (the cannula in the baseline, and its pose), `cannula_strip` (a frame
along it) and `cannula_layers` (what it adds to a picture). The segmentation of cement is given a
`hidden_area`; the search for vertebral bodies uses `over_body`.
"""
