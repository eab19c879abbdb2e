"""A database for every test that asks for one, with the schema and no crashes."""

import contextlib
import itertools

import pytest

from servers.postgresql import EMPTIED, shared
from socorro_fast.postgresql import ConnectionContext, ConnectionContextPooled
from socorro_fast.postgresql import PostgreSQLCrashStorage as Storage


@pytest.fixture(scope="session")
def server():
    """Where the server of the session is."""
    return shared()


_numbers = itertools.count()


def pytest_configure(config):
    config.addinivalue_line("markers", "own_database: the test changes more than what tables hold")


@pytest.fixture
def database(request, server):
    """The name of a database: the test's own, or one that is emptied between tests."""
    if not request.node.get_closest_marker("own_database"):
        yield EMPTIED.name(request.node.nodeid)
        return
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
def application():
    """What the connections of the test's pools are called in the server."""
    return f"test {next(_numbers)}"


@pytest.fixture
def backends(sql, application):
    """How many connections of the test's pools the server has: those of others linger."""
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    return lambda: sql(count, (application,))[0][0]


@pytest.fixture
def pooled(options, application):
    """Make pooled contexts, with further options; all are closed at the end."""
    named = {"database_parameters": {"application_name": application}}
    with contextlib.ExitStack() as stack:

        def make(**more):
            context = ConnectionContextPooled(**options | named | more)
            stack.callback(context.close)
            return context

        yield make
