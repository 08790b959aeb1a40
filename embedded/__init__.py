"""Everything the product needs on one machine, under one supervisor: PostgreSQL, Temporal, API and workers."""
