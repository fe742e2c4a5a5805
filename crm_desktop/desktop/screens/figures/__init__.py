"""The contacts behind a figure."""
