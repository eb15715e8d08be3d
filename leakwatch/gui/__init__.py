"""Windows, in Qt; the packages below decide what they show."""
