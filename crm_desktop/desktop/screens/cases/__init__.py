"""Cases: the customers' matters, found by reference or name and by state."""
