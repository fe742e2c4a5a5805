"""The headless process that speaks to the outside world."""
