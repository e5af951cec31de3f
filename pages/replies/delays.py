from pages.components import identity

identity.guard("delais")
