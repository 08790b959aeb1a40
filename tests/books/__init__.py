"""One real book, and the same in every format that people have their books in."""
