"""Knowledge: articles to search and read."""
