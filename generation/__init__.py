"""What we answer: routing, retrieval, prompts, models, checks, drafts; nothing of pages or of analytics."""
