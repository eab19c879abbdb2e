"""How many messages a save sends to the server: one."""

import contextlib
import socket
import threading

import pytest

from contract.samples import CRASH_ID, ELSEWHERE, PROCESSED, RAW, crash_id

PLUGIN = {"process_type": "plugin", "PluginFilename": "f", "PluginName": "n", "PluginVersion": "1"}


class Listener:
    """Stands between a storage and the server; `queries` has the queries that went through."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.queries = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            client, _ = self._socket.accept()
            with client, socket.create_connection(self._target) as server:
                answers = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
                answers.start()
                self._listen(client, server)

    def _pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def _listen(self, client, server):
        stream = client.makefile("rb")
        size = stream.read(4)
        server.sendall(size + stream.read(int.from_bytes(size) - 4))
        while kind := stream.read(1):
            size = stream.read(4)
            body = stream.read(int.from_bytes(size) - 4)
            if kind == b"Q":
                self.queries.append(body[:-1].decode())
            server.sendall(kind + size + body)


@pytest.fixture
def listener(server):
    listener = Listener(server.host, server.port)
    yield listener
    listener.close()


@pytest.fixture
def storage(make, listener):
    plain = {"sslmode": "disable", "gssencmode": "disable"}
    storage = make(database_port=listener.port, database_parameters=plain)
    storage.save_raw_and_processed(RAW, None, PROCESSED, CRASH_ID)
    listener.queries.clear()
    return storage


@pytest.mark.parametrize(
    "call",
    [
        lambda storage: storage.save_raw_crash(RAW, {None: b"x"}, CRASH_ID),
        lambda storage: storage.save_processed(PROCESSED),
        lambda storage: storage.save_processed(PROCESSED | PLUGIN),
        lambda storage: storage.save_raw_and_processed(RAW, None, PROCESSED, CRASH_ID),
        lambda storage: storage.save_raw_crash({"odd": "\0"}, None, ELSEWHERE),
        lambda storage: storage.save_many((RAW, None, crash_id(n)) for n in range(100)),
        lambda storage: storage.get_raw_crash(CRASH_ID),
        lambda storage: storage.get_unredacted_processed(CRASH_ID),
        lambda storage: storage.get_many([CRASH_ID] * 100),
        lambda storage: storage.get_report(CRASH_ID),
        lambda storage: storage.remove(CRASH_ID),
    ],
)
def test_one_message_does_it(storage, listener, call):
    call(storage)
    assert len(listener.queries) == 1, listener.queries


def test_big_batches_are_several(storage, listener):
    storage.save_many((RAW, None, crash_id(n)) for n in range(1001))
    big = {"text": "x" * 5_000_000}
    assert len(listener.queries) == 3
    storage.save_many((big, None, crash_id(n)) for n in range(3))
    assert len(listener.queries) == 3 + 2
