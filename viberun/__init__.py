"""viberun: apps on your own server, one version from client to images."""
