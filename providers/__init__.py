"""Vendors, one per file, each behind the small protocol in `protocols.py`."""
