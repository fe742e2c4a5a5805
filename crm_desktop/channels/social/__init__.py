"""Posts on social networks: a package for each network, which knows the domain alone."""
