"""Whether marks and millimetres agree with each other, with anatomy and with the tags."""
