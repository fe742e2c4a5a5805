"""Hand-off targets, a package each; they know the domain alone."""
