"""The report of a case: contents, HTML page and PDF."""
