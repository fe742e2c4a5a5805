"""How the outside world speaks to the centre, a package a channel; they know the domain alone."""
