"""Crash reports for telemetry: of each crash, what a JSON schema names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from socorro_fast.checks import check_raw_crash, check_same_crash, processed_crash_id
from socorro_fast.s3.base import S3StorageBase
from socorro_fast.s3.connection_context import RegionalS3ConnectionContext, S3ConnectionContext
from socorro_fast.s3.key_builders import CRASH_REPORT, KeyBuilderBase, SimpleDatePrefixKeyBuilder
from socorro_fast.s3.options import S3Options
from socorro_fast.s3.reducing import Reducer
from socorro_fast.transaction_options import class_named

if TYPE_CHECKING:
    from collections.abc import Mapping


def _reducer(value: object) -> object:
    if isinstance(value, str | Path):
        try:
            value = json.loads(Path(value).read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"no JSON schema can be read there: {error}") from error
    return Reducer(value) if isinstance(value, dict) else value


class TelemetryOptions(S3Options):
    """Options of the storage of crash reports."""

    json_schema: Annotated[Reducer, BeforeValidator(_reducer)] = Field(
        description="what to keep: a JSON schema as a dict, or the path of one",
        examples=[{"type": "object", "properties": {"uuid": {"type": "string"}}}],
    )
    raw_crash_names: dict[str, str] = Field(
        default_factory=dict, description="key of the raw crash -> name in the report"
    )
    processed_crash_names: dict[str, str] = Field(
        default_factory=dict, description="key of the processed crash -> name in the report"
    )
    keybuilder_class: Annotated[
        type[KeyBuilderBase], class_named("socorro_fast.s3.key_builders")
    ] = Field(
        default=SimpleDatePrefixKeyBuilder,
        description="the layout of keys: a key builder or its name",
    )


class TelemetryBotoS3CrashStorage(S3StorageBase):
    """Keeps a report of each crash: its fields, renamed and reduced by a JSON schema.

    Saving a raw crash alone does nothing, as a report is made when a crash has been processed. Of
    a processed crash saved with its raw one, the report has the fields of both; where both have a
    name, the processed one's. What is stored is read as the processed crash is elsewhere. Options:
    `TelemetryOptions`.
    """

    Options: ClassVar[type[TelemetryOptions]] = TelemetryOptions
    options: TelemetryOptions
    resource_class: ClassVar[type[S3ConnectionContext]] = RegionalS3ConnectionContext

    def save_processed(self, processed_crash: dict[str, Any]) -> None:
        """Save a report of what a processed crash has.

        Raises:
            InvalidCrashID, InvalidCrash: It does not fit the schema, or is no crash: the message
                names the field. Nothing was touched.
            StorageUnavailable: The store does not answer or refuses.
        """
        self._check_open()
        self._save_report({}, processed_crash, processed_crash_id(processed_crash))

    def save_raw_and_processed(
        self,
        raw_crash: dict[str, Any],
        dumps: Mapping[str, Any] | None,  # noqa: ARG002 - the signature is the API
        processed_crash: dict[str, Any],
        crash_id: str,
    ) -> None:
        """Save a report of what both crashes have; dumps are not looked at.

        Raises:
            InvalidCrashID, InvalidCrash: The report does not fit the schema, or one is no crash:
                the message names the field. Nothing was touched.
            StorageUnavailable: The store does not answer or refuses.
        """
        self._check_open()
        check_same_crash(processed_crash, crash_id)
        self._save_report(check_raw_crash(raw_crash), processed_crash, crash_id)

    def _save_report(
        self, raw_crash: dict[str, Any], processed_crash: dict[str, Any], crash_id: str
    ) -> None:
        options = self.options
        fields = _renamed(raw_crash, options.raw_crash_names)
        fields |= _renamed(processed_crash, options.processed_crash_names)
        report = self._codec.dumps(options.json_schema.reduce(fields))
        self._save(CRASH_REPORT, report, crash_id)

    def get_unredacted_processed_bytes(self, crash_id: str) -> bytes:
        """Return a report as JSON.

        Raises:
            CrashIDNotFound: There is no report of that crash.
            StorageUnavailable: The store does not answer or refuses.
        """
        return self._get_thing(CRASH_REPORT, "processed crash", crash_id)

    def get_unredacted_processed(self, crash_id: str) -> dict[str, Any]:
        """Return a report.

        Raises:
            CrashIDNotFound: There is no report of that crash.
            CorruptCrash: It is no JSON object.
            StorageUnavailable: The store does not answer or refuses.
        """
        data = self.get_unredacted_processed_bytes(crash_id)
        return self._decoded(data, CRASH_REPORT, crash_id)

    def remove(self, crash_id: str) -> None:
        """Remove a report.

        Raises:
            CrashIDNotFound: There is none of that crash.
            StorageUnavailable: The store does not answer or refuses.
        """
        self._write(crash_id, lambda parts: parts.remove_thing(CRASH_REPORT))


def _renamed(crash: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in crash.items()}
