"""RECEIPT, LIST and BILL over HTTP: gunicorn with crmpos, and with the bare program, in turn, under the same load.

The load is made by `wrk` (found on PATH) on the same machine. Both programs have the same web server, as many
processes, and the same database, each a shop of its own where rows are written.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks.catalogue import Ground
from tests.benchmarks.comparing import MILLISECONDS, PER_SECOND, Measured, Row, Side, compare
from tests.benchmarks.filling_serving import PRICES, PRODUCTS, TERMINALS, make_shop
from tests.conftest import find_free_port
from tests.faults.servers import Redis, Server
from tests.processes import wait_until

NO_WRK = "no wrk: it makes the load, and is not installed"
SECONDS = 6
WARM_UP_SECONDS = 4
SETTLE_SECONDS = 1  # what was under way when the load ended is written too
AT_ONCE = 8  # calls
PROCESSES = 4  # of each web server
BILLS_OF_SHOP = 1_000_000
OPEN_BILLS = 200
BILLS_TO_PAY = 100_000  # by each side: more than it can within all rounds
OURS, BARE = 1, 2  # shops
THROUGHPUT_OF_RECEIPTS, TIME_OF_RECEIPTS, THROUGHPUT_OF_QUESTIONS = 0.7, 2, 0.6

# What a receipt makes rows in. Products are known after the first receipts.
TABLES = {
    "shops_exchangeevent": "shop_id = %s AND kind = 'RECEIPT'",
    "shops_exchangebody": "entry_id IN (SELECT id FROM shops_exchangeevent WHERE shop_id = %s AND kind = 'RECEIPT')",
    "shops_receipt": "shop_id = %s",
    "shops_receiptline": "receipt_id IN (SELECT id FROM shops_receipt WHERE shop_id = %s)",
    "shops_receiptdelivery": "receipt_id IN (SELECT id FROM shops_receipt WHERE shop_id = %s)",
    "shops_bill": "shop_id = %s AND NOT on_offer AND unjudged_since IS NOT NULL",
}

SCRIPT = r"""
local number = tonumber(os.getenv("FIRST_NUMBER"))
local shop = os.getenv("SHOP")
wrk.headers["Authorization"] = "Bearer " .. os.getenv("SECRET")
wrk.headers["Content-Type"] = "application/json"
local line = '{"id": "%d", "tax": 4.76, "name": "Чай чёрный", "price": %d, "discount": 0, "itemType": "NORMAL",' ..
  ' "quantity": 1, "sumPrice": %d, "costPrice": 0, "taxPercent": 5, "measureName": "шт"}'
local receipt = [[{"id": "event-SHOP-%d", "type": "ReceiptCreated", "version": 2, "userId": "01-000000000000001",
"timestamp": 1774448694958, "data": {"id": "receipt-SHOP-%d", "type": "SELL", "items": [%s, %s, %s], "extras": {
"date": "2026-03-25 09:00:00", "billId": "%d", "number": "%d-CRM", "customer": {"inn": "", "kpp": "", "reg": "",
"name": "Полина Вымышленная ", "okpo": "", "fullname": "Полина Вымышленная ", "legalentity": false},
"prepayment": 0, "contentModified": false, "settlementMethod": "FullSettlement"}, "shiftId": "1",
"storeId": "store-SHOP", "dateTime": "NOW", "deviceId": "terminal-SHOP-%d",
"totalTax": 28.57, "infoCheck": false, "employeeId": "employee-SHOP", "totalAmount": 600,
"paymentSource": "PAY_CARD", "totalDiscount": 0}}]]
receipt = receipt:gsub("SHOP", shop):gsub("NOW", os.date("!%Y-%m-%dT%H:%M:%S.000+0000"))

request = function()
  number = number + 1
  if os.getenv("KIND") == "LIST" then return wrk.format("GET", "/api/v2/list") end
  if os.getenv("KIND") == "BILL" then return wrk.format("GET", "/api/v2/bill/byid/" .. 1 + number % OPEN) end
  local lines = {}
  for k = 1, 3 do
    local id = (number + k) % PRODUCTS
    local price = 100 * (id % PRICES + 1)
    lines[k] = line:format(id, price, price)
  end
  return wrk.format("POST", "/api/v2/receipts", nil,
    receipt:format(number, number, lines[1], lines[2], lines[3], number, number, number % TERMINALS))
end

done = function(summary, latency, requests)
  print(("RESULT %d %d %d %d"):format(summary.requests, summary.duration, latency:percentile(99),
    summary.errors.status + summary.errors.timeout))
end
"""


def compare_receipts(ground: Ground) -> list[Row]:
    """RECEIPT: throughput, and the time that one of a hundred calls takes longer than.

    Beside the bills that are paid meanwhile, each shop has as many that are not on offer as there are to be rows.
    """
    bills = BILLS_TO_PAY + (ground.rows or 0)
    secrets = {
        shop: make_shop(ground.database_url, shop, bills=bills, open_bills=BILLS_TO_PAY) for shop in (OURS, BARE)
    }
    done = dict.fromkeys(secrets, 0)
    with _both_programs(ground, secrets) as ports:

        def measure(shop: int, seconds: int) -> Measured:
            before = _count_rows(ground, shop)
            load = Load("RECEIPT", ports[shop], secrets[shop], shop, done[shop])
            measured = load.run(ground.folder, seconds)
            time.sleep(SETTLE_SECONDS)
            added = {table: count - before[table] for table, count in _count_rows(ground, shop).items()}
            receipts = added["shops_receipt"]
            done[shop] += receipts + AT_ONCE  # of those that were under way at the end it is not known
            assert done[shop] < BILLS_TO_PAY, "there are too few bills for so many rounds"
            written = {table: round(count / receipts, 3) for table, count in added.items()}
            return Measured(measured.figure, work=written, more=measured.more)

        return _compare("RECEIPT", measure, ground, THROUGHPUT_OF_RECEIPTS, TIME_OF_RECEIPTS)


def compare_list(ground: Ground) -> list[Row]:
    """LIST of a shop with many bills, few of them open."""
    return _compare_question("LIST", "/api/v2/list", ground)


def compare_bill(ground: Ground) -> list[Row]:
    """BILL of those that are open, each again and again."""
    return _compare_question("BILL", "/api/v2/bill/byid/1", ground)


def _compare_question(kind: str, address: str, ground: Ground) -> list[Row]:
    bills = ground.rows or BILLS_OF_SHOP
    secret = make_shop(ground.database_url, OURS, bills=bills, open_bills=OPEN_BILLS, with_lines=kind == "BILL")
    with _both_programs(ground, {OURS: secret}) as ports:

        def measure(program: int, seconds: int) -> Measured:
            measured = Load(kind, ports[program], secret, OURS, 0).run(ground.folder, seconds)
            return Measured(measured.figure, work=_tell(_ask(ports[program], address, secret)), more=measured.more)

        return _compare(kind, measure, ground, THROUGHPUT_OF_QUESTIONS, None)


def _compare(
    title: str, measure: Callable[[int, int], Measured], ground: Ground, goal: float, time_goal: float | None
) -> list[Row]:
    for program in (OURS, BARE):
        measure(program, WARM_UP_SECONDS)
    sides = [
        Side(name, partial(measure, program, ground.seconds or SECONDS))
        for name, program in (("crmpos", OURS), ("bare WSGI", BARE))
    ]
    rows = compare(title, PER_SECOND, sides[0], sides[1], goal=goal, rounds=ground.rounds)
    times = [rows[0].more[f"{side.name}: p99, ms"] for side in sides]
    return [*rows, Row(f"{title}, p99", MILLISECONDS, times[0], times[1], "bare WSGI", time_goal)]


class Load:
    """Calls of one kind, `AT_ONCE` at a time; receipts are numbered on from `first`, each for its own bill."""

    def __init__(self, kind: str, port: int, secret: str, shop: int, first: int) -> None:
        self.port = port
        self.environment = os.environ | {
            "KIND": kind,
            "SECRET": secret,
            "SHOP": str(shop),
            "FIRST_NUMBER": str(first),
        }

    def run(self, folder: Path, seconds: int) -> Measured:
        program = shutil.which("wrk")
        assert program is not None, NO_WRK
        script = folder / "load.lua"
        written = SCRIPT
        values = {"OPEN": OPEN_BILLS, "PRODUCTS": PRODUCTS, "PRICES": PRICES, "TERMINALS": TERMINALS}
        for name, value in values.items():
            written = written.replace(name, str(value))
        script.write_text(written, encoding="utf-8")
        command = [program, "-t1", f"-c{AT_ONCE}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{self.port}/"]
        said = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout
        [result] = [line for line in said.splitlines() if line.startswith("RESULT")]
        calls, microseconds, slow, failed = map(int, result.split()[1:])
        assert failed == 0, said
        return Measured(calls / (microseconds / 1_000_000), more={"p99, ms": slow / 1000})


@contextmanager
def _both_programs(ground: Ground, secrets: dict[int, str]) -> Iterator[dict[int, int]]:
    """The ports of both, by the numbers of the shops that are theirs."""
    redis = Redis(ground.folder)
    programs = {
        OURS: ("crmpos.wsgi", {"CELERY_BROKER_URL": redis.url, "API_RATE_REGISTER": "10000000"}),
        BARE: ("tests.benchmarks.bare", {"BARE_SHOPS": json.dumps({secret: shop for shop, secret in secrets.items()})}),
    }
    ports, servers = {}, []
    try:
        for program, (module, more) in programs.items():
            ports[program] = find_free_port()
            servers.append(_serve(module, ground, ports[program], more))
        yield ports
    finally:
        for server in servers:
            server.stop()
        redis.stop()


def _serve(module: str, ground: Ground, port: int, more: dict[str, str]) -> Server:
    environment = os.environ | {
        "DATABASE_URL": ground.database_url,
        "DJANGO_SETTINGS_MODULE": "crmpos.settings",
        "GUNICORN_BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(PROCESSES),
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "crmpos/deploy/gunicorn.conf.py", module]
    server = Server(command, ground.folder / f"{module}.log", environment=environment | more)
    server.start()

    def is_up() -> bool:
        assert server.is_running, server.read_log()
        try:
            return bool(_ask(port, "/api/v2/list", "nobody", check=False))
        except OSError:
            return False

    wait_until(is_up)
    return server


def _ask(port: int, address: str, secret: str, *, check: bool = True) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", address, headers={"Authorization": f"Bearer {secret}"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200 or not check, (answer.status, body)
    return json.loads(body, parse_int=Decimal, parse_float=Decimal) if check else answer.status


def _tell(answer: Any) -> str:
    """An answer in short, whichever way its numbers are written."""
    return hashlib.sha256(
        json.dumps(answer, sort_keys=True, default=lambda number: str(number.normalize())).encode()
    ).hexdigest()


def _count_rows(ground: Ground, shop: int) -> dict[str, int]:
    with psycopg.connect(ground.database_url, autocommit=True) as connection:
        counted = {}
        for table, condition in TABLES.items():
            row = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}", [shop]).fetchone()
            assert row is not None
            counted[table] = row[0]
    return counted
