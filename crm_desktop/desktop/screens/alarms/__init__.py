"""Silent alarms: raising one, and being told of others'."""
