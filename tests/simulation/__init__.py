"""A day of a whole centre on the real routing and a real PostgreSQL, as fast as the work allows."""
