"""Irritants measured: `python -m benchmarks.topics`."""
