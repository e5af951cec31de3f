from pages.components import identity

identity.guard("impact-ia")
