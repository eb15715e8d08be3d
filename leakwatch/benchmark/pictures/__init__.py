"""Pictures of a case: overlay, and the frames in which a detector was most wrong."""
