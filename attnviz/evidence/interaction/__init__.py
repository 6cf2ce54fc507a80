"""Which regions act together: Shapley interaction and attention flow."""
