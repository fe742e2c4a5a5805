"""The desk of a one-stop-shop: visitors checked in, called, seen, and sent on."""
