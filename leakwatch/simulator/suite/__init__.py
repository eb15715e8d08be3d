"""Sets of simulated cases, made by several processes."""
