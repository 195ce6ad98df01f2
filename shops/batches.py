"""Cuts the entries of a log into batches. Pure."""

from collections.abc import Iterable, Iterator

from shops.exchange_log import Entry, Fragment

BATCH_ENTRIES = 2000
BATCH_BYTES = 8 << 20


def cut_into_batches(
    items: Iterable[Entry | Fragment], *, entries_limit: int = BATCH_ENTRIES, bytes_limit: int = BATCH_BYTES
) -> Iterator[list[Entry | Fragment]]:
    """Batches of about the given limits that never divide the entries of one second."""
    batch: list[Entry | Fragment] = []
    size_bytes, last_time = 0, None
    for item in items:
        if isinstance(item, Entry):
            is_full = len(batch) >= entries_limit or size_bytes >= bytes_limit
            if is_full and item.local_time != last_time:
                yield batch
                batch, size_bytes = [], 0
            last_time = item.local_time
            size_bytes += len(item.body)
        else:
            size_bytes += len(item.text)
        batch.append(item)
    if batch:
        yield batch
