"""Errors are reported to a Sentry server, if SENTRY_DSN names one; else nothing of it is even loaded.

What is reported is where the program failed, and why: no body, no argument of an address, no cookie, no header but
those named here, no variable, nobody's name. Secrets in texts are masked.
"""

from typing import Any, cast

from django.core.exceptions import ImproperlyConfigured

from shops.masking import mask
from shops.trace import read_request_id, read_task_id

KEPT_HEADERS = frozenset({"host", "user-agent", "content-type", "content-length", "x-request-id"})

Event = dict[str, Any]


def start_reporting(dsn: str, *, release: str = "", transport: Any = None) -> None:
    """Raises ImproperlyConfigured where sentry-sdk is not installed."""
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, and sentry-sdk is not installed: uv sync --extra sentry"
        ) from None
    sentry_sdk.init(
        dsn=dsn,
        release=release or None,
        transport=transport,
        # That nobody's person is told stands by default; `scrub` holds it to that.
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        traces_sample_rate=None,
        before_send=cast(Any, lambda event, hint: scrub(event)),
    )


def scrub(event: Event) -> Event:
    """The report without what is nobody else's business."""
    request = event.get("request")
    if request is not None:
        event["request"] = {
            "method": request.get("method"),
            # Without the query.
            "url": str(request.get("url", "")).partition("?")[0],
            "headers": {
                name: value
                for name, value in dict(request.get("headers") or {}).items()
                if name.lower() in KEPT_HEADERS
            },
        }
    for name in ("user", "extra", "server_name", "modules"):
        event.pop(name, None)
    # Celery's is made of the arguments of a task.
    contexts = {name: value for name, value in event.get("contexts", {}).items() if name in ("runtime", "trace")}
    trace = {"request_id": read_request_id(), "task_id": read_task_id()}
    event["contexts"] = contexts
    event["tags"] = {**event.get("tags", {}), **{name: value for name, value in trace.items() if value}}
    return cast(Event, _mask_all(event))


def _mask_all(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {name: _mask_all(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_mask_all(inner) for inner in value]
        case _:
            return value
