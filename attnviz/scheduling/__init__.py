"""Who computes when, where many ask for much: a fair queue, and results kept by their bytes."""
