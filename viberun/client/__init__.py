"""The client: `viberun`, on the machine of the person who uses it."""
