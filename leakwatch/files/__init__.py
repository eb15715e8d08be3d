"""Text and files of anybody: read within bounds, written for this user alone, named harmlessly."""
