from pages.components import identity

identity.guard("modeles")
