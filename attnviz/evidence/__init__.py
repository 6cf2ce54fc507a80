"""Evidence for a map: regions are kept, removed or randomised, and the network is run again."""
