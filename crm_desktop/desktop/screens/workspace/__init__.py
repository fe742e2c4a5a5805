"""The workspace: one contact, read, answered, filed as a case, handed off and wrapped up."""
