"""Whether an image is new, or a last image hold, in whole or in part."""
