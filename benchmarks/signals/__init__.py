"""What must be shown of weak signals: `python -m benchmarks.signals e0|e1|e2|e3|planted|speed`."""
