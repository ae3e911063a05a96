"""Entry points: they translate flags and environment into a running service, and no more."""
