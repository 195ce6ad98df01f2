"""How gunicorn serves the site: `gunicorn -c crmpos/deploy/gunicorn.conf.py crmpos.wsgi`. Loads no Django.

Told to end (SIGTERM) it takes no new request, answers those it has, and is gone within `graceful_timeout`.
"""

import os
import signal
from pathlib import Path
from typing import Any

from crmpos.operating.logs import configure_gunicorn
from crmpos.operating.metrics_files import retire_ended_processes

bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")
# One request at a time each: two for each core is a good beginning.
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
worker_class = "sync"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # lest a slow disk passes for a dead worker
control_socket_disable = True

# An answer of a shop's slow CRM takes nine seconds at the most; Evotor waits ten.
timeout = 60
graceful_timeout = 30
# What a library may leak goes with the worker; not with all of them at once.
max_requests = 100_000
max_requests_jitter = 20_000

# Requests are logged by the site itself (LOG_REQUESTS): with their id, and without what stands in a query.
accesslog = None
errorlog = "-"
logconfig_dict = configure_gunicorn(os.environ.get("LOG_FORMAT") or "line", os.environ.get("LOG_LEVEL") or "INFO")


def post_fork(server: Any, worker: Any) -> None:
    """Remembers where a worker's signals go until it listens to them itself: to its copy of the master's queue."""
    worker.early_signals = server.SIG_QUEUE


def post_worker_init(worker: Any) -> None:
    """Lets a worker end that was told so before it listened; it would serve on until it is killed.

    One that replaces another just as the server is stopped. Known to gunicorn: its issue 1910.
    """
    told = {worker.early_signals.get() for _ in range(worker.early_signals.qsize())}
    for number in told & {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT}:
        os.kill(os.getpid(), number)


def child_exit(server: Any, worker: Any) -> None:
    """Keeps what a worker that has ended had counted."""
    if os.environ.get("METRICS_DIR"):
        retire_ended_processes(Path(os.environ["METRICS_DIR"]))
