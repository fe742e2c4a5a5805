"""What every public door on the web needs: limits, clients, bodies, files and headers."""
