"""What several pages draw with: identity, filters, charts, tables, verbatims, states."""
