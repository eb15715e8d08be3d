"""The formats on disk: cases, truth, run records, sessions, settings, the library's table.

Their contract is stable: what an older LeakWatch wrote is read.
"""
