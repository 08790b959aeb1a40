"""Booklets as files: HTML that stands alone, and PDF."""
