"""A database of its own for every test that asks for one."""

import contextlib

import pytest

from servers.postgresql import shared
from socorro_fast.postgresql import ConnectionContext, ConnectionContextPooled
from socorro_fast.postgresql import PostgreSQLCrashStorage as Storage


@pytest.fixture(scope="session")
def server():
    """Where the server of the session is."""
    return shared()


@pytest.fixture
def database(server):
    """The name of a database with the schema and nothing else."""
    with server.database() as name:
        yield name


@pytest.fixture
def options(server, database):
    """The options of a storage or a connection context over that database."""
    return server.options(database)


@pytest.fixture
def make(options):
    """Make storages, with further options; all are closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda cls=Storage, **more: stack.enter_context(cls(**options | more))


@pytest.fixture
def storage(make):
    return make()


@pytest.fixture
def sql(server, database):
    """Run SQL as the superuser; return the rows."""
    with contextlib.closing(server.connect(database)) as connection:

        def run(text, parameters=None):
            with connection.cursor() as cursor:
                cursor.execute(text, parameters)
                return cursor.fetchall() if cursor.description else []

        yield run


@pytest.fixture
def context(options):
    return ConnectionContext(**options)


@pytest.fixture
def pooled(options):
    """Make pooled contexts, with further options; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(**more):
            context = ConnectionContextPooled(**options | more)
            stack.callback(context.close)
            return context

        yield make
