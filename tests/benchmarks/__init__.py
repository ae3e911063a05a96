"""How fast verdicts are, by pyperf; run by hand, no test."""
