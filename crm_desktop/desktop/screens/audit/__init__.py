"""Audit: who has seen a customer, and what a person did on a day."""
