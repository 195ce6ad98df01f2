"""`manage.py demo`: from a fresh clone to a site that looks as after three months of work."""

import errno
import sys
from argparse import ArgumentTypeError
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from crmpos.demo.deciding import decide_some
from crmpos.demo.loading import (
    count_history_entries,
    find_foreign_shops,
    is_history_loaded,
    load_sample,
    play_history,
)
from crmpos.demo.logins import Login, make_logins
from crmpos.demo.naming import name_everything
from crmpos.demo.plan import DAYS, SHOPS, DemoPlan, load_plan
from crmpos.demo.server import HOST, DemoServer, interruptible
from crmpos.history.documents import MOSCOW
from reconciliation.services import reconcile

BILLS = 3000
PORT = 8000
HIGHEST_PORT = 65535
QUEUE = "admin/reconciliation/discrepancy/"
EXAMPLE = f"{QUEUE}?q=137456"
BAR = "{desc}: {percentage:3.0f}% |{bar}| {elapsed} < {remaining}"
COUNTER = "{desc}: {n_fmt}"
INTERRUPTED = 130  # as shells have it


class Command(BaseCommand):
    help = (
        "Fills the database with a sample journal and an invented history, makes logins, and serves the site on "
        "this machine only. Stopped and started again, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=_port, default=PORT, metavar="PORT", help="where to serve; 0 takes a free one (%(default)s)"
        )
        parser.add_argument(
            "--bills",
            type=int,
            default=BILLS,
            metavar="COUNT",
            help="how many bills the history has; counts at the first start only (%(default)s)",
        )
        parser.add_argument("--no-serve", action="store_true", help="prepare the database, and that is all")

    def handle(self, *args: Any, port: int, bills: int, no_serve: bool, **options: Any) -> None:
        if bills < 0:
            raise CommandError(_("--bills must not be negative"))
        try:
            with interruptible(), nullcontext() if no_serve else self._take_port(port) as server:
                self._show_logins(self._prepare(bills))
                if server is not None:
                    self._serve(server)
        except KeyboardInterrupt:
            self._say(_("Interrupted. Start it again, and it goes on from here."))
            sys.exit(INTERRUPTED)

    # --- preparing ---

    def _prepare(self, bills: int) -> list[Login]:
        self._say(_("Database: %(name)s") % {"name": _describe_database()})
        call_command("migrate", verbosity=0, interactive=False)
        plan = load_plan()
        if plan is None or (plan.entries is not None and count_history_entries() == 0):
            plan = self._make_plan(plan, bills)
        if not is_history_loaded(plan):
            self._play(plan)
        if load_sample():
            self._say(_("Sample journal of three shops: loaded"))
        now = timezone.now()
        with self._bar(None, _("Comparing bills with receipts"), COUNTER) as bar:

            def show(count: int) -> None:
                bar.update(count)

            reconcile(as_of=now, now=now, on_progress=show)
        name_everything()
        logins = make_logins(plan)
        decide_some()
        return logins

    def _make_plan(self, former: DemoPlan | None, bills: int) -> DemoPlan:
        """The history ends with yesterday, so that it looks fresh; passwords outlive a database that was removed."""
        if former is None and count_history_entries():
            raise CommandError(
                _("The database holds a history, but %(file)s, which describes it, is gone. Remove the database too.")
                % {"file": settings.DATA_DIR / "demo.json"}
            )
        if foreign := find_foreign_shops():
            raise CommandError(
                _(
                    "The database holds shops of your own (%(numbers)s): the demonstration would mix with them. "
                    "Give it another database: set CRMPOS_DATA to another folder, or DATABASE_URL."
                )
                % {"numbers": ", ".join(map(str, foreign[:5]))}
            )
        today = timezone.now().astimezone(MOSCOW).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        plan = DemoPlan(bills, today, passwords=former.passwords if former else {})
        plan.write()
        return plan

    def _play(self, plan: DemoPlan) -> None:
        self._say(
            _("Playing %(days)d days of %(shops)d shops with %(bills)d bills: half a minute, at the first start only")
            % {"days": DAYS, "shops": SHOPS, "bills": plan.bills}
        )
        first_day = plan.end - timedelta(days=DAYS)
        with self._bar(DAYS, _("History"), BAR) as bar:

            def show(time: datetime) -> None:
                bar.update((time - first_day).days - bar.n)

            play_history(plan, on_progress=show)

    def _bar(self, total: int | None, title: str, form: str) -> "tqdm[Any]":
        return tqdm(total=total, desc=title, bar_format=form, leave=False, disable=not sys.stderr.isatty())

    # --- serving ---

    def _take_port(self, port: int) -> DemoServer:
        if settings.HTTPS or not {HOST, "*"} & set(settings.ALLOWED_HOSTS):
            raise CommandError(
                _("The demonstration is served as http://%(host)s: leave HTTPS and ALLOWED_HOSTS out.") % {"host": HOST}
            )
        try:
            return DemoServer(port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                problem = _("Port %(port)d is taken. Is the demonstration running already?") % {"port": port}
            else:
                problem = _("Port %(port)d cannot be used: %(problem)s.") % {"port": port, "problem": error.strerror}
            advice = _("Another port can be chosen: `uv run manage.py demo --port %(other)d`.") % {
                "other": port + 1 if PORT <= port < HIGHEST_PORT else PORT
            }
            raise CommandError(f"{problem} {advice}") from None

    def _show_logins(self, logins: list[Login]) -> None:
        self._say("")
        for login in logins:
            shown = login.password or _("(password changed)")
            self._say(f"  {login.role.username:<15}{shown:<22}{login.role.duty}")
        self._say("")

    def _serve(self, server: DemoServer) -> None:
        address = server.address
        self._say(_("Open %(address)s") % {"address": address})
        self._say(_("What happened to the 31 690: %(address)s") % {"address": address + EXAMPLE})
        self._say(_("Ctrl-C stops it."))
        server.serve()
        self._say(_("Stopped. Start it again at any time: everything is kept."))

    def _say(self, line: str) -> None:
        # Through a pipe, too, a line is wanted when it is said.
        self.stdout.write(line)
        self.stdout.flush()


def _describe_database() -> str:
    database = connection.settings_dict
    return str(database["NAME"]) if connection.vendor == "sqlite" else f"PostgreSQL, {database['NAME']}"


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST_PORT):
        raise ArgumentTypeError(f"{text!r} is no port. Write a number up to {HIGHEST_PORT}.")
    return int(text)
