"""Configuration for the programs that ask this service."""
