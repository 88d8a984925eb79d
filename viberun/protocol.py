"""The protocol between client and server: what they may say to each other over SSH."""

# Rises by one with each change that the release before does not understand.
PROTOCOL = 1
