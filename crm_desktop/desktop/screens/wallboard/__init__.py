"""The centre's figures on a wall, in a window of their own."""
