"""Durable processes: each file has its contract (input, signals, result) on top and one class below."""
