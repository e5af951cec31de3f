"""The history of the operations schema: one file a step, forward only."""
