"""The status page in a real browser: what a person sees and does."""
