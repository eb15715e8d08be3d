"""Live sessions: capture, fold and sinks on their own threads, and their status."""
