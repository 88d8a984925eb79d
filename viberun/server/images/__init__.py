"""The images of this host: their names, pulling them, and whether the registry has others."""
