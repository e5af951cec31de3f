from pages.components import identity

identity.guard("file-d-attente")
