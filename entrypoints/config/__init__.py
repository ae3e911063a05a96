"""What an operator decides: settings, and the files that settings name."""
