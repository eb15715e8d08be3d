"""A study of an archive, asked again and again for what is new in it."""
