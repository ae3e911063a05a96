"""The HTTP API, built with Falcon; only `rendering` needs nothing but the core."""
