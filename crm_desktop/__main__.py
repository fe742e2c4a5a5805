"""`python -m crm_desktop` is the same as `crm-desktop`."""

from crm_desktop.cli import main

main()
