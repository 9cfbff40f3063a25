"""Parts of ``scripts/figures.py``."""
