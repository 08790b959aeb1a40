"""Pure rules and the names of things: no I/O, no clock, no randomness, importable in the workflow sandbox."""
