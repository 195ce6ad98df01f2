"""Runs tasks inside the process that serves, when there is no broker. Used by crmpos.wsgi and serving commands.

Without CELERY_BROKER_URL a task waits in this process's memory, so only this process can run it.
A worker and the periodic schedule, both Celery's own, run here in threads.
"""

import atexit
import threading
from types import TracebackType
from typing import Any, Self

from celery import Celery
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from django.conf import settings
from django.db import connections

from crmpos.celery import app as crmpos_app

STOP_TIMEOUT_SECONDS = 30
TASKS_AT_ONCE = 4  # a task that waits for the answer of a slow CRM keeps no other waiting


class InProcessTasks:
    """A worker and a schedule in threads: `start` and `stop`, or a `with` block."""

    def __init__(self, app: "Celery[Any]" = crmpos_app) -> None:
        self._app = app
        self._is_ready = threading.Event()
        # A short interval, for a schedule that sleeps cannot be stopped.
        self._schedule = Service(app, max_interval=1, scheduler_cls=Scheduler)
        # Daemons, lest they hold up the end of the process; `stop` waits for the tasks that run.
        self._threads = [
            threading.Thread(target=self._work, name="tasks", daemon=True),
            threading.Thread(target=self._schedule.start, name="schedule", daemon=True),
        ]

    def start(self) -> None:
        """Return once the worker takes tasks."""
        for thread in self._threads:
            thread.start()
        self._is_ready.wait()

    def stop(self) -> None:
        """Finish the tasks that run, take no other, and end the threads.

        What still waits in memory is dropped: a task only hastens work whose queue is the database.
        """
        self._schedule.stop()
        self._app.control.shutdown()
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_SECONDS)

    def _work(self) -> None:
        try:
            # WorkController is the worker without the command around it: it leaves signals and logging alone.
            worker = WorkController(
                app=self._app,
                pool="threads",
                concurrency=TASKS_AT_ONCE,
                without_heartbeat=True,
                without_mingle=True,
                without_gossip=True,
                ready_callback=lambda consumer: self._is_ready.set(),
            )
            worker.start()
        finally:
            self._is_ready.set()
            connections.close_all()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def start_unless_broker() -> None:
    """Run tasks in this process until it ends, unless a broker brings them to workers of their own."""
    if settings.TASKS_RUN_IN_PROCESS:
        tasks = InProcessTasks()
        tasks.start()
        atexit.register(tasks.stop)
