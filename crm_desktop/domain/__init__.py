"""The pure vocabulary and policies of a customer service centre: no I/O, no Qt, no SQL."""
