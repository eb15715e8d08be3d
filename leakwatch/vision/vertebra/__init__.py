"""The vertebral body, its posterior wall, and a person's marks over the reference anatomy."""
