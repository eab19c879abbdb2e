"""The proxy of the fault tests does what it says."""

import socket
import threading

import pytest

from servers.proxy import Proxy


@pytest.fixture
def echo():
    """A server that sends back what it gets; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def proxy(echo):
    with Proxy(echo) as proxy:
        yield proxy


def connect(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def test_it_passes_data_on(proxy):
    with connect(proxy) as client:
        client.sendall(b"hello")
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"
        assert (proxy.accepted, proxy.connections) == (1, 1)


def test_a_cut_ends_connections_that_are_open(proxy):
    with connect(proxy) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        assert proxy.cut() == 1
        assert client.recv(1) == b""


def test_it_cuts_after_so_many_bytes(proxy):
    with proxy.while_(cut_after=3), connect(proxy) as client:
        client.sendall(b"hello")
        received = b""
        while data := client.recv(16):
            received += data
        assert b"hel".startswith(received)
    assert proxy.cut_after is None


def test_it_swallows(proxy):
    with proxy.while_(swallows=True), connect(proxy) as client:
        client.sendall(b"x")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_it_refuses(proxy):
    with proxy.while_(refuses=True), connect(proxy) as client:
        assert client.recv(1) == b""
