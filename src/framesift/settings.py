"""Settings of the command line: defaults, environment and configuration file."""
