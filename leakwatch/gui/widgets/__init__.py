"""Widgets that several windows share: banner, image, strips, keys, overlay."""
