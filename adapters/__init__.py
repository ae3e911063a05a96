"""Adapters: everything that connects the core to the outside world."""
