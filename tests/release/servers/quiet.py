"""A web server that says nothing of clients that break off: where it is used they are meant to."""

import sys
from http.server import ThreadingHTTPServer
from socket import socket


class QuietServer(ThreadingHTTPServer):
    """Every other exception is printed as usual."""

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
