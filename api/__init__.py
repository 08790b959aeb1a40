"""The way in: what the outside calls, and what it is answered."""
