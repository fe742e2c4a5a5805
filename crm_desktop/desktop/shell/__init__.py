"""The window around the screens: bars, rail, palette, gestures, and what is remembered."""
