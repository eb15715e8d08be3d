"""Sources of frames: one package per source type.

A source keeps the contract of `core.protocols`. `live_sources` is the table of live ones; `stored`
opens what is on disk.
"""
