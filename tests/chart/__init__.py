"""The Helm chart's files, as far as they can be told without Helm; the rest is in tests/cluster."""
