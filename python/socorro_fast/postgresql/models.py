"""The schema, as SQLAlchemy sees it: what the migrations lead to.

Partitioned tables have their partitions made by `create_weekly_partition`; a crash's week is that
of the date in its ID, so that every row has one, whatever its other dates say.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - SQLAlchemy reads the annotations
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from socorro_fast.postgresql.reports import REPORT_COLUMNS, ReportColumn

_BY_WEEK = {"postgresql_partition_by": "RANGE (crash_date)"}


class Base(DeclarativeBase):
    """The base of the models; its `metadata` is the schema."""


class _OfACrash:
    """What every table with a partition a week is keyed by."""

    crash_date: Mapped[dt.date] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)


class RawCrash(_OfACrash, Base):
    """A raw crash. `exact` is its JSON where jsonb would change it; `raw_crash` is for queries."""

    __tablename__ = "raw_crashes"
    __table_args__ = _BY_WEEK

    date_processed: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    raw_crash: Mapped[dict[str, Any]] = mapped_column(JSONB)
    exact: Mapped[str | None] = mapped_column(Text)


class ProcessedCrash(_OfACrash, Base):
    """A processed crash, as `RawCrash`."""

    __tablename__ = "processed_crashes"
    __table_args__ = _BY_WEEK

    date_processed: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    processed_crash: Mapped[dict[str, Any]] = mapped_column(JSONB)
    exact: Mapped[str | None] = mapped_column(Text)


def _column(column: ReportColumn) -> Column[Any]:
    if column.kind == "text":
        return Column(column.column, String(column.limit) if column.limit else Text())
    return Column(column.column, _TYPES[column.kind])


_TYPES: dict[str, Any] = {
    "integer": BigInteger(),
    "boolean": Boolean(),
    "timestamp": DateTime(timezone=True),
}


class Report(Base):
    """The fields of a processed crash that have columns of their own."""

    __table__ = Table(
        "reports",
        Base.metadata,
        Column("crash_date", Date(), primary_key=True),
        Column("uuid", UUID(as_uuid=False), primary_key=True),
        *(_column(column) for column in REPORT_COLUMNS),
        Index("reports_date_processed", "date_processed"),
        Index("reports_signature", "signature"),
        postgresql_partition_by=_BY_WEEK["postgresql_partition_by"],
    )


class Plugin(Base):
    """A plugin in which processes crashed."""

    __tablename__ = "plugins"
    __table_args__ = (UniqueConstraint("filename", "name", name="plugins_filename_name_key"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    filename: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)


class PluginReport(_OfACrash, Base):
    """Which plugin a report is about."""

    __tablename__ = "plugins_reports"
    __table_args__ = _BY_WEEK

    plugin_id: Mapped[int] = mapped_column(BigInteger)
    date_processed: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[str] = mapped_column(Text)
