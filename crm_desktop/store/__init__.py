"""The only home of SQLAlchemy: engine, models, queries, search, outbox, change feed, security."""
