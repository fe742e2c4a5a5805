"""SQL by topic, each function within a transaction that a service opened."""
