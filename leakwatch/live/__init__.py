"""A live session: capture, fold and sinks on their own threads, and what it knows of itself."""
