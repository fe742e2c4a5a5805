"""Settings: how this desktop looks, and what it is connected to."""
