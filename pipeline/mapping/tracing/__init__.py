"""Outlines of masks along pixel edges: corners, the rings that join them, and masks again."""
