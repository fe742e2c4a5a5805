"""The use cases: one module each, verbs; a transaction on the store, frozen views out."""
