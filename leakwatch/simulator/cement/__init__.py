"""Cement flow through bone and out of it, and its projected thickness."""
