"""What the command line does, a module a group of commands; the desktop is not among them."""
