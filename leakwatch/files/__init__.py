"""Untrusted text and files: bounded reading, private writing, safe file names."""
