"""Measurements: `python -m bench [names] [--quick]`, printed as tables and written to docs/benchmarks.md."""
