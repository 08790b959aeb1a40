"""`make demo`: the whole story, played through the real endpoints on a compressed clock, and checked."""
