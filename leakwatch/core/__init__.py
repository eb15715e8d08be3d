"""What everything else speaks of: frames, marks, results, protocols, geometry, errors.

It imports nothing of LeakWatch but itself. Types that cross a module or a thread are here, frozen.

Coordinates
-----------
One convention everywhere: a point is ``(column, row)`` in stored pixels of the frame as it is
displayed unrotated; pixel centres are at integers; ``(0, 0)`` is the centre of the top left pixel.
Arrays of points have shape ``(n, 2)``, dtype float64. Images index as ``image[row, column]``.

Units live in names (``_px``, ``_mm``, ``_mm2``, ``_ml``, ``_s``, ``_ms``). Millimetres are at the
vertebra, not at the detector. Times are seconds from the first frame of the sequence.

Missing
-------
What is not known is ``None``, next to a reason. Never -1, never the last value.
"""
