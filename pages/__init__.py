"""The rooms of the cockpit. Page scripts live one folder down, so that none is reachable without app.py."""
