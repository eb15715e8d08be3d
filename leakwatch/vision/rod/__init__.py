"""The cannula: a straight steel rod, how it looks, where it is, and what it hides."""
