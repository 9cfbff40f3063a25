"""Submissions made anywhere: inspected, mended, merged by vote, compared."""
