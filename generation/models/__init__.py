"""Models that write replies, behind one small interface; `open_model` chooses."""
