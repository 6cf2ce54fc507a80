"""Interaction of regions: Shapley interaction indices and attention flow."""
