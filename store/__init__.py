"""Rows and their queries. A transaction of `store.db.Database` is the only place where anything is committed."""
