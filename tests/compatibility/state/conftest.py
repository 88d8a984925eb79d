"""The host, the channel and the clients of the client's own tests."""

from tests.unit.viberun.client.conftest import channel, clients, host, viberun

__all__ = ["channel", "clients", "host", "viberun"]
