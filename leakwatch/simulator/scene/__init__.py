"""The patient, the cannula and the C-arm put together, and how they move."""
