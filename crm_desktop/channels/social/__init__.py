"""Posts and private messages on social networks; a package a network."""
