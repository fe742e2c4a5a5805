"""The locked desktop: nothing of anybody's data, and the way back in."""
