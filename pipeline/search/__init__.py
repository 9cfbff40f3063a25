"""Search: from a space of choices to trials that are proposed, kept and compared."""
