"""Ways to hide the vertebra, or not to, and what a detector says of the frames."""
