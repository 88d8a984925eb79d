"""`viberun setup` and `viberun update`: one build on client, server and images."""
