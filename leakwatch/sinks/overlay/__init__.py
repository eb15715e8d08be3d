"""The overlay video: the frames with what was found in them."""
