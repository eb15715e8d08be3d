"""Images of a case: overlay, and the frames with the largest errors."""
