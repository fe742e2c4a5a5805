"""Self check-in and public screens of a one-stop-shop, for whoever is in the building."""
