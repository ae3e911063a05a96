"""What it takes to answer a question about a cluster: read, judge, explain."""
