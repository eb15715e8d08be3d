"""The decision what the operator is told, which rules do not apply, and what was watched."""
