"""Serves the site from one process, on this machine only: a thread for each connection, tasks in two more.

Without gunicorn, which needs Unix: the demonstration runs wherever Python does.
"""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType, TracebackType
from typing import Self

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from crmpos.in_process import InProcessTasks

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Says what went wrong; a line for every request would only push the logins off the screen."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code).startswith("5"):
            super().log_request(code, size)


class DemoServer:
    """Holds the port from the beginning (`with`), so that a busy one is known at once; answers while it `serve`s."""

    def __init__(self, port: int) -> None:
        """Raises OSError when the port is taken, or not allowed."""
        self._server = ThreadedWSGIServer((HOST, port), QuietHandler)
        self.address = f"http://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def serve(self) -> None:
        """Returns after Ctrl-C, when the task that runs is finished."""
        self._server.set_app(get_wsgi_application())
        with ExitStack() as stack:
            if settings.TASKS_RUN_IN_PROCESS:
                stack.enter_context(InProcessTasks())
            stack.callback(_ignore_further_interrupts)
            with suppress(KeyboardInterrupt):
                self._server.serve_forever()


@contextmanager
def interruptible() -> Iterator[None]:
    """Being told to end (SIGTERM) is the same as Ctrl-C, and Ctrl-C works in the background too."""
    former = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore_further_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
