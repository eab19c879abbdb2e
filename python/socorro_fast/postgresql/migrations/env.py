"""What Alembic runs: migrations over the connection that it is given."""

from alembic import context

from socorro_fast.postgresql.migrations.comparing import is_ours
from socorro_fast.postgresql.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=is_ours,
)
context.run_migrations()
