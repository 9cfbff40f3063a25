"""Networks on whole scenes: windows, blending, ensembles, and probabilities as rasters."""
