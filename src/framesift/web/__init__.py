"""Pages served on this machine alone."""
