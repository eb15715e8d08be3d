"""Parts that several windows share: banner, picture, strip, keys, overlay."""
