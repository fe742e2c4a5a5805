"""Email: reading, understanding and sending it."""
