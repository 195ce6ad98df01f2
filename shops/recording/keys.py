"""Rows of many shops by their id within the shop."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

Key = tuple[int, str]  # shop number, external id

KEYS_PER_QUERY = 500


def by_shop(keys: Iterable[Key]) -> Iterator[tuple[int, list[str]]]:
    """The ids of each shop in lists short enough for one query, always in the same order (rows are locked in it)."""
    ids: dict[int, list[str]] = defaultdict(list)
    for shop_number, external_id in sorted(set(keys)):
        if external_id:
            ids[shop_number].append(external_id)
    for shop_number, all_ids in ids.items():
        for start in range(0, len(all_ids), KEYS_PER_QUERY):
            yield shop_number, all_ids[start : start + KEYS_PER_QUERY]
