"""Apps on your own server: starts the program that lies in `vendor`."""
