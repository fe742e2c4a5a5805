"""Short notices to many: shown until they are read, and who has read them."""
