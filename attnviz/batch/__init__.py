"""Many pictures through one network: decoding ahead, batches, results in order."""
