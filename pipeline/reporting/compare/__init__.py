"""Runs side by side: their scores, their configurations, and the ground they disagree on."""
