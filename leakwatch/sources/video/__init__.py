"""Video output of a C-arm, video files, and images."""
