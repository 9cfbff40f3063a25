"""One module per make target: read, call, write."""
