"""The windows, in Qt: what is drawn and asked for is decided below."""
