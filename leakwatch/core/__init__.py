"""Types and functions shared by all packages: frames, marks, results, protocols, errors.

Imports nothing else of LeakWatch. Types that cross a module or a thread are here, and are frozen.

Coordinates
-----------
There is one convention: a point is ``(column, row)`` in stored pixels of the frame as it is
displayed unrotated; pixel centres are at integers; ``(0, 0)`` is the centre of the top left pixel.
Arrays of points have shape ``(n, 2)``, dtype float64. Images index as ``image[row, column]``.

Units are part of names (``_px``, ``_mm``, ``_mm2``, ``_ml``, ``_s``, ``_ms``). Millimetres are at
the vertebra, not at the detector. Times are seconds from the first frame of the sequence.

Missing
-------
An unknown value is ``None``, next to a reason; never -1, and never the last value.
"""
