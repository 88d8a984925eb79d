"""A host: how it is named and reached, and what is called there."""
