"""An account on X: its mentions, replies and direct messages, by X API v2."""
