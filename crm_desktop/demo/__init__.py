"""A believable centre to try the product with."""
