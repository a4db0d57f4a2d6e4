"""What `make accuracy` measures: each function over all the numbers there are, and long sums."""
