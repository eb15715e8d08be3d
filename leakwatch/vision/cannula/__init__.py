"""The cannula: a straight steel rod, where it is, how it looks, and what it hides."""
