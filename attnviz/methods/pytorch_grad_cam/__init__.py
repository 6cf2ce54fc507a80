"""The adapter to pytorch-grad-cam: its methods behind this package's own interface."""
