"""The Docker engine of this host: what viberun asks of it, and what its answers mean."""
