"""Adapters: everything that connects the core to the world outside."""
