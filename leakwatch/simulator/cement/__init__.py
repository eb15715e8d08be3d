"""Cement on its way through bone and out of it, and its projected thickness."""
