"""Marking of a vertebra and measurement of an object, without Qt."""
