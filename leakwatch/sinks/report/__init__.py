"""The report of a case: what it says, as a page and as a PDF."""
