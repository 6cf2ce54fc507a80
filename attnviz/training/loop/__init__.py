"""The training loop: optimisers, weight averaging, distillation, checkpoints, evaluation."""
