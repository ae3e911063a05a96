"""The operator's configuration: settings, and the files that they name."""
