"""Which scenes a folder of files holds, and which files are theirs."""
