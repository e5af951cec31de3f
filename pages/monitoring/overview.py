from pages.components import identity

identity.guard("vue-d-ensemble")
