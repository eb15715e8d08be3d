"""Training people to say STOP: scores, records, curves, and what is said of them."""
