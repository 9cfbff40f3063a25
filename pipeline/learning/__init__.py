"""From arrays to weights: D4, augmentation, networks, losses, metrics, training."""
