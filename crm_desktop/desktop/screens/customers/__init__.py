"""Customers: found by name, number, address or reference, and read with their history."""
