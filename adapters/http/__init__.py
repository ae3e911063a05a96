"""The HTTP contract, in Falcon; `rendering` alone needs nothing but the core."""
