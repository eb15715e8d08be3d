"""The video output of a C-arm, video files, and pictures."""
