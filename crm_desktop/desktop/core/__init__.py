"""What every screen stands on: tasks, live feed, commands, theme, icons, errors, accessibility."""
