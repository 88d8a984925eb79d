"""The apps of this host: making, starting, attaching to, updating and removing them."""
