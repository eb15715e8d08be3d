"""Sinks on separate threads: for analysis, and for live sessions, which never wait."""
