"""This computer: paths, keyring, single instance, crash log."""
