"""Objects in one bucket: read, written, removed and listed.

Imported by `driver` only: this loads boto3.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig

from socorro_fast.dumps import open_dump_file
from socorro_fast.fork_safe import no_fork_meanwhile
from socorro_fast.s3.failures import translated
from socorro_fast.s3.missing import NoSuchBucketError, NoSuchObjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from socorro_fast.dumps import Dump
    from socorro_fast.s3.options import S3Options
    from socorro_fast.s3.slots import Slots

_CHUNK = 1 << 20
_FIRST_REGION = "us-east-1"  # the one that may not be named when a bucket is made


@dataclass(frozen=True)
class Page:
    """A part of a listing.

    Attributes:
        keys: Of objects.
        folders: What keys go on to after a '/', where a delimiter was asked for.
        next: What to ask for the page after this one; None at the end.
    """

    keys: list[str]
    folders: list[str]
    next: str | None


class S3Connection:
    """A client of boto3 and a bucket. Any number of threads may use it.

    Every method raises `StorageUnavailable` where the server cannot or does not want to do it.

    Args:
        client: Of boto3.
        options: Of the storage.
        place: The bucket and the server, for messages.
        slots: As many as the client keeps connections open; each request takes one.
    """

    def __init__(self, client: Any, options: S3Options, place: str, slots: Slots) -> None:
        self._client = client
        self._slots = slots
        self._options = options
        self._bucket = options.bucket_name
        self.place = place

    def commit(self) -> None:
        """Do nothing: every object is there as soon as it is written."""

    def rollback(self) -> None:
        """Do nothing: S3 cannot take back."""

    def get(self, keys: Iterable[str]) -> bytes | None:
        """Return the object at the first of these keys that has one, or None."""
        for key in keys:
            try:
                with self._request(f"read {key!r}"):
                    answer = self._client.get_object(Bucket=self._bucket, Key=key)
                    with closing(answer["Body"]) as body:
                        data: bytes = body.read()
                        return data
            except NoSuchObjectError:
                continue
        return None

    def get_into(self, keys: Iterable[str], file: IO[bytes]) -> bool:
        """Write the object at the first of these keys into a file; return whether there is one."""
        for key in keys:
            try:
                with self._request(f"read {key!r}"):
                    answer = self._client.get_object(Bucket=self._bucket, Key=key)
                    with closing(answer["Body"]) as body:
                        for chunk in body.iter_chunks(_CHUNK):
                            file.write(chunk)
            except NoSuchObjectError:
                continue
            return True
        return False

    def has(self, keys: Iterable[str]) -> bool:
        """Return whether there is an object at any of these keys."""
        return self.metadata(keys) is not None

    def metadata(self, keys: Iterable[str]) -> dict[str, str] | None:
        """Return what is noted on the object at the first of these keys that has one, or None."""
        for key in keys:
            try:
                with self._request(f"look for {key!r}"):
                    answer = self._client.head_object(Bucket=self._bucket, Key=key)
            except NoSuchObjectError:
                continue
            found: dict[str, str] = answer.get("Metadata", {})
            return found
        self._check_bucket()
        return None

    def put(self, key: str, dump: Dump, metadata: dict[str, str] | None = None) -> None:
        """Write an object, whole or not at all: bytes, or what a file has, in bounded memory.

        Args:
            key: Where.
            dump: What; a path is that of a file.
            metadata: What to note on an object of bytes.

        Raises:
            StorageIOError: The file cannot be read, or is no regular one.
        """
        if not isinstance(dump, str):
            self._put_body(key, bytes(dump), metadata)
            return
        with open_dump_file(dump) as file:
            if os.fstat(file.fileno()).st_size < self._options.multipart_threshold:
                self._put_body(key, file)
            else:
                self._put_parts(key, file)

    def _put_body(
        self, key: str, body: bytes | IO[bytes], metadata: dict[str, str] | None = None
    ) -> None:
        noted = metadata or {}
        with self._request(f"write {key!r}"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, Metadata=noted)

    def _put_parts(self, key: str, file: IO[bytes]) -> None:
        config = TransferConfig(
            multipart_threshold=self._options.multipart_threshold,
            multipart_chunksize=self._options.part_size,
            use_threads=False,
            preferred_transfer_client="classic",
        )
        with self._request(f"write {key!r}"):
            self._client.upload_fileobj(file, self._bucket, key, Config=config)

    def create_bucket(self) -> None:
        """Make the bucket."""
        region = self._client.meta.region_name
        where = {} if region == _FIRST_REGION else {"LocationConstraint": region}
        arguments = {"CreateBucketConfiguration": where} if where else {}
        errors = self._client.exceptions
        quicker = errors.BucketAlreadyOwnedByYou, errors.BucketAlreadyExists  # another saver was
        with self._request("make"), suppress(*quicker):
            self._client.create_bucket(Bucket=self._bucket, **arguments)

    def delete(self, key: str) -> None:
        """Remove the object at a key, if there is one."""
        with suppress(NoSuchObjectError), self._request(f"remove {key!r}"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def page(self, prefix: str, delimiter: str = "", token: str | None = None) -> Page:
        """Return a page of the keys that begin with `prefix`, in order."""
        more = {"ContinuationToken": token} if token else {}
        with self._request(f"list {prefix!r}"):
            answer = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, Delimiter=delimiter, **more
            )
        return Page(
            [each["Key"] for each in answer.get("Contents", ())],
            [each["Prefix"] for each in answer.get("CommonPrefixes", ())],
            answer.get("NextContinuationToken") if answer.get("IsTruncated") else None,
        )

    @contextmanager
    def _request(self, doing: str) -> Iterator[None]:
        """Wait for a connection to be free, translate errors.

        The client itself would open one more, and throw it away after its request.
        """
        # Looking up a name and TLS take locks of the process.
        waiting = self._slots.one(f"{doing} in {self.place}")
        with waiting, no_fork_meanwhile(), translated(doing, self.place):
            yield

    def _check_bucket(self) -> None:
        """Tell a missing bucket from a missing object: HEAD says the same of both."""
        try:
            with self._request("find"):
                self._client.head_bucket(Bucket=self._bucket)
        except NoSuchObjectError:
            raise NoSuchBucketError(f"there is no {self.place}", retryable=False) from None
