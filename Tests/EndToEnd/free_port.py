"""Ports for servers that are told where to listen."""

import random
import socket


def free_port():
    """A port of the loopback interface that is free now. It is none of those that the system gives out by itself (on Linux 32768 to
    60999): one of these somebody else may get before the server listens on it."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port from 20000 to 31999 is free")
