"""Contacts that a person logs by hand."""
