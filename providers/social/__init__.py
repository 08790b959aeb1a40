"""Places where approved content is published."""
