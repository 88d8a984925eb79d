"""`viberun upgrade`: how this client was installed, and how it gets another build."""
