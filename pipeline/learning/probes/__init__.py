"""Checks before a long training, one per file: each measures, judges and advises."""
