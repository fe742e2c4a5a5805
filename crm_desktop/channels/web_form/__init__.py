"""Web forms: the public pages of the services that have a form."""
