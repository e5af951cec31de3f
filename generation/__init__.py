"""What we answer: routing, retrieval, prompts, models, checks, drafts. Knows nothing of pages or of analytics."""
