"""Post-processing tuned on held-out predictions: each class, then the rules."""
