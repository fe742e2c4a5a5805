"""Who works here: for administrators."""
