"""Entry points: they only translate flags and environment into a running service."""
