"""The documentation: every link leads somewhere, every name is one, every command works."""
