"""Frames from an OpenIGTLink server."""
