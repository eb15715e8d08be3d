"""Liveness of images: new, or a last image hold in whole or in part."""
