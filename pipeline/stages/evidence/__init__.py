"""What the report stands on: each module reads results of a run and makes chapters of them."""
