"""RabbitMQ for tests: Debian's broker, on ports of its own, as whoever runs the tests.

SOCORRO_FAST_TEST_RABBITMQ names a running broker to use instead, as HOST:PORT; user and password
are guest. Brokers that a test kills, pauses or alarms are always our own.
"""

import atexit
import contextlib
import functools
import hashlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pika

from servers.process import Server, quiet_ports

ADDRESS = "SOCORRO_FAST_TEST_RABBITMQ"
_BIN = Path("/usr/lib/rabbitmq/bin")
_STOP_NAMES = (shutil.which("epmd") or "/usr/bin/epmd", "-kill")
_PLUGINS = "[]."
_CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{port}
disk_free_limit.absolute = 50MB
log.console = false
"""


def _silence() -> None:
    # pika logs each connection that is refused while a broker starts.
    logging.getLogger("pika").setLevel(logging.CRITICAL)


class RabbitMQ(Server):
    """A broker of our own. `port` stays the same when it is killed and started again."""

    host = "127.0.0.1"

    def __init__(self, directory: Path) -> None:
        if not _BIN.exists():
            raise RuntimeError("RabbitMQ is missing; pytest --without-rabbitmq does without")
        # Erlang's name service outlives the broker, so it has a port of its own, too.
        self.port, distribution, epmd = quiet_ports(3, range(25_000, 32_000))
        for name in ("home", "mnesia", "log"):
            (directory / name).mkdir()
        (directory / "enabled_plugins").write_text(_PLUGINS)
        (directory / "rabbitmq.conf").write_text(_CONFIG.format(port=self.port))
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory / "home"),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # It ends when it is told to, even if it has not seen yet that the broker is gone.
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
            "RABBITMQ_NODENAME": f"socorro{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "ERL_CRASH_DUMP": str(directory / "erl_crash.dump"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        super().__init__(
            [_BIN / "rabbitmq-server"],
            self.probe,
            directory / "output",
            env=env,
            cwd=directory,
            will=_STOP_NAMES,
        )

    def probe(self) -> None:
        connect(self).close()

    def ctl(self, *args: str) -> str:
        """Run the broker's own tool; a third of a second a call, and it works on one in alarm."""
        return subprocess.run(
            [_BIN / "rabbitmqctl", "-q", *args],
            check=True,
            capture_output=True,
            encoding="utf-8",
            env=self.env,
            cwd=self.cwd,
        ).stdout

    def close(self) -> None:
        """Stop the broker, and Erlang's name service."""
        self.kill()
        subprocess.run(_STOP_NAMES, check=False, capture_output=True, env=self.env)


class Running:
    """A broker of somebody else's."""

    def __init__(self, address: str) -> None:
        self.host, _, port = address.rpartition(":")
        self.port = int(port)


def connect(broker: Any) -> Any:
    """Return pika's simplest connection to a broker."""
    _silence()
    return pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, heartbeat=0, socket_timeout=5)
    )


@functools.cache
def own() -> RabbitMQ:
    """Return the session's own broker, started at first use; it ends with the session."""
    directory = Path(tempfile.mkdtemp(prefix="rabbitmq-"))
    broker = RabbitMQ(directory)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(broker.close)
    # A session that is terminated must not leave a broker behind.
    signal.signal(signal.SIGTERM, _end)
    broker.start()
    return broker


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(143)


@functools.cache
def shared() -> Any:
    """Return a broker that no test does anything to but use it."""
    address = os.environ.get(ADDRESS)
    return Running(address) if address else own()


def queues(place: object) -> dict[str, str]:
    """Return options that name queues of one place only: a directory, a test."""
    mark = hashlib.sha256(str(place).encode()).hexdigest()[:12]
    return {
        f"{kind}_queue_name": f"test.{mark}.{kind}"
        for kind in ("standard", "priority", "reprocessing")
    }


def options(place: object, broker: Any = None, **more: Any) -> dict[str, Any]:
    """Return the options of a storage with queues of its own."""
    broker = broker or shared()
    return {"host": broker.host, "port": broker.port} | queues(place) | more


def delete_queues(place: object, broker: Any = None) -> None:
    with contextlib.closing(connect(broker or shared())) as connection:
        channel = connection.channel()
        for name in queues(place).values():
            channel.queue_delete(name)
