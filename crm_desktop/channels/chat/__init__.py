"""Live chat: the public door of a website's visitors."""
