"""What the reviews say: topics, signals, trends, delays, impact. Knows nothing of pages or of replies' making."""
