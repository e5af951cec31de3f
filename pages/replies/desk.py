from pages.components import identity

identity.guard("rediger")
