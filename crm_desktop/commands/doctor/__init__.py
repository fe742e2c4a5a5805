"""`crm-desktop doctor`: whether this computer and its database are well, and what to do if not.

`run.examine` gives every finding; nothing is written, nobody's data or password is said.
"""
