"""What people and workers do, kept for good: draft requests, drafts, replies, escalations, triage, the journal.

SQLite in WAL by default, PostgreSQL by one URL; the same functions and the same tests on both. The rules it protects:
a write that was acknowledged survives a kill; a write sent twice acts once (idempotency key); a fact and its
journal entry are committed together or not at all.
"""
