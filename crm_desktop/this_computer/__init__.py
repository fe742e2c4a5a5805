"""What the desktop keeps on this computer: the workstation's stores behind its own ports."""
