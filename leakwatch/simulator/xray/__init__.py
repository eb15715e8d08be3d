"""X-ray simulation from a scene to stored values and truth."""
