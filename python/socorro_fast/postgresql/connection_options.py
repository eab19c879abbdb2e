"""What it takes to reach a PostgreSQL server, as options."""

from pydantic import Field

from socorro_fast.options import Secret, StorageOptions


class ConnectionOptions(StorageOptions):
    """Options of `ConnectionContext`, `ConnectionContextPooled`, and of all that uses them."""

    database_hostname: str = Field(
        default="localhost", description="host of the server, or directory of its socket"
    )
    database_port: int = Field(default=5432, ge=1, le=65535, description="port of the server")
    database_name: str = Field(default="breakpad", description="name of the database")
    database_username: str = Field(default="breakpad_rw", description="role to log in as")
    database_password: Secret | None = Field(
        default=None, description="its password; default: as libpq finds one (~/.pgpass), or none"
    )
    database_parameters: dict[str, str] = Field(
        default={}, description="more of libpq's parameters, such as sslmode or sslrootcert"
    )
    connect_timeout: int = Field(
        default=10, ge=2, description="seconds that making a connection may take"
    )
    response_timeout: float = Field(
        default=60,
        ge=0,
        description="seconds after which a server that does not answer is given up; 0: never",
    )
    max_connections: int = Field(
        default=10, ge=1, description="of ConnectionContextPooled: most connections at a time"
    )
    pool_timeout: float = Field(
        default=30,
        ge=0,
        description="of ConnectionContextPooled: seconds to wait for one of them to be free",
    )
