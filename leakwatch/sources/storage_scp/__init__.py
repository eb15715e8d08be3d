"""A C-STORE server: the C-arm sends, LeakWatch receives."""
