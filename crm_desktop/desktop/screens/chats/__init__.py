"""One's own chats side by side: which waits, which has something new."""
