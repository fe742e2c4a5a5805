"""The suite: unit, integration, gui and e2e, and the servers that they start."""
