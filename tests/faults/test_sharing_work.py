"""Workers share what is to be judged: a large shop by several of them, and no small shop waits behind it."""

from pathlib import Path

from tests.faults.filling import FILL, FOUND
from tests.faults.load import Registers
from tests.faults.servers import BIG_SHOP, SMALL_SHOP, Books, Redis, running
from tests.processes import wait_until

BILLS = 3000  # all paid in part: what is clean is judged within the moment that a turn lasts


def test_two_workers_share_a_large_shop_and_a_small_one_is_served_meanwhile(
    books: Books, broker: Redis, tmp_path: Path
) -> None:
    with running(books, tmp_path, broker.url) as system:
        system.run(FILL, str(BILLS), "1")
        system.start_web(workers=1)
        workers = [
            system.start_worker("-Q", "judging", name="one"),
            system.start_worker("-Q", "judging,forwarding", name="other"),
        ]
        system.start_beat()
        wait_until(lambda: count_cases(books, BIG_SHOP) > 0)
        assert Registers(system, SMALL_SHOP).sell(7).status == 200
        wait_until(lambda: count_cases(books, SMALL_SHOP) == 1)
        assert books.count_waiting() > 0, "the small shop has waited for the large one"
        wait_until(lambda: books.count_waiting() == 0)
        turns = [worker.read_log().count("Task reconciliation.tasks.judge_shop") for worker in workers]
        assert min(turns) > 2, turns
        assert books.query(FOUND)[0][0] == BILLS
        assert count_cases(books, BIG_SHOP) == BILLS


def count_cases(books: Books, shop: int) -> int:
    return books.count(f"reconciliation_case WHERE shop_id = {shop}")
