"""The training loop: steps, state, processes that share a step, events."""
