"""From levels to masks: smoothing, thresholds, shapes, parts and holes, and what each gains."""
