"""What the program costs at size: `make bench` prints it as a table and keeps it as JSON."""
