"""A study in an archive that is polled for new objects."""
