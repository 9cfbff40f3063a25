"""Runs side by side: what their folders hold, the ground they disagree on, and the page of it."""
