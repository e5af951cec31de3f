"""Topics: what reviews are about. `model` assigns, `fit` learns (batch only), `store` keeps both in a snapshot."""
