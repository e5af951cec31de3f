from pages.components import identity

identity.guard("signaux-faibles")
