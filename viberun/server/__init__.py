"""The server: `viberun-server`, on the host, called by the client over SSH."""
