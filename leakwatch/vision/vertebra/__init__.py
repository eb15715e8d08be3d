"""Vertebral body, posterior wall, and the user's marks over the reference anatomy."""
