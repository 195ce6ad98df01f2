"""The form of the log, `LOG_FORMAT`: a line for people, or JSON for programs. Read by crmpos.settings and gunicorn.

Each entry says in which request, or which task, it was written. Whatever is written, secrets are masked in the text as
it leaves: messages, figures beside them and tracebacks alike.
"""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

from shops.masking import mask
from shops.trace import read_request_id, read_task_id

FORMATS = ("line", "json")
LINE = "{asctime} {levelname} {name}: {message}{trace}"

Event = MutableMapping[str, Any]


class LineFormatter(logging.Formatter):
    """One line for people; the request's or the task's name at its end, where there is one."""

    def __init__(self) -> None:
        super().__init__(LINE, style="{")

    def format(self, record: logging.LogRecord) -> str:
        names = " ".join(name for name in (read_request_id(), _task_of(record)) if name)
        record.trace = f" [{names}]" if names else ""
        return mask(super().format(record))


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """One object of JSON a line."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                structlog.stdlib.ExtraAdder(),
                _add_trace,
            ],
            processors=[
                _drop_foreign,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("message"),
                structlog.processors.format_exc_info,
                _mask,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )


def configure_logging(form: str, level: str, *, tasks_run_in_process: bool) -> dict[str, Any]:
    """The settings of Python's logging."""
    formatter = JsonFormatter if form == "json" else LineFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"entry": {"()": formatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "entry"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            **{name: {"level": level} for name in ("crmpos", "reconciliation", "shops")},
            # Each task, once a minute and more, is news in a worker's log and noise in a web server's.
            "celery": {"level": "WARNING" if tasks_run_in_process else level},
            "celery.worker.control": {"level": "ERROR" if tasks_run_in_process else level},
        },
    }


def configure_gunicorn(form: str, level: str) -> dict[str, Any]:
    """The same for gunicorn's own words: of workers that begin and end."""
    settings = configure_logging(form, level, tasks_run_in_process=False)
    settings["loggers"]["gunicorn.error"] = {"level": "INFO", "handlers": ["console"], "propagate": False}
    return settings


def _task_of(record: logging.LogRecord) -> str:
    # Celery's own words about a task are written outside of it.
    data = getattr(record, "data", None)
    told = data.get("id", "") if isinstance(data, dict) else ""
    return read_task_id() or str(told)


def _add_trace(logger: Any, method: str, event: Event) -> Event:
    record = event.get("_record")
    names = {"request_id": read_request_id(), "task_id": _task_of(record) if record is not None else read_task_id()}
    event.update({name: value for name, value in names.items() if value})
    return event


def _drop_foreign(logger: Any, method: str, event: Event) -> Event:
    """What Django and Celery hang onto a record are objects, bodies and headers in them: plain values stay."""
    for name in [name for name, value in event.items() if not name.startswith("_") and not _is_plain(value)]:
        if name != "exc_info":
            del event[name]
    return event


def _mask(logger: Any, method: str, event: Event) -> Event:
    return {name: mask(value) if isinstance(value, str) else value for name, value in event.items()}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
