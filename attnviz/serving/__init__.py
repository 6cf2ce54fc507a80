"""Looks over the network: what is asked and answered, who asks, and the server that computes."""
