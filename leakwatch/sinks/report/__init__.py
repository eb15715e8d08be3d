"""Report of a case: contents, HTML page and PDF."""
