"""Where a run stands: which of its stages are done, old and why, unfinished or missing."""
