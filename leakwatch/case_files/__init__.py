"""File formats: cases, truth, results, sessions, settings, and the table of the library.

The formats are stable: files of older versions can be read.
"""
