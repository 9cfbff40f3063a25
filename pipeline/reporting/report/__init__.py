"""The sections of a run's report: records and arrays in, blocks out."""
