"""From a scene to stored values and truth: beam, blades, scatter, quanta, lag, brightness."""
