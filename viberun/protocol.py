"""The protocol between client and server: what they may say to each other over SSH."""

# Rises by one with each change that the release before does not understand.
PROTOCOL = 1

# How a line of the server's standard error begins that is none of its errors: the client shows it as it comes.
NOTE = "viberun-server: note: "
