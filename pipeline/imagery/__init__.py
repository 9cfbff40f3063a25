"""From files to arrays: scenes, registration, labels, tiles, input channels."""
