"""Cement that fills a vessel: long thin protrusions of the mask."""
