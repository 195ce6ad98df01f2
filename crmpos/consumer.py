"""The part of a Celery worker that listens to the broker, made to outlive one that goes away. Set in the settings.

When Redis is killed, kombu may ask something of it through a connection that has forgotten its address: to close it, or
to acknowledge a task that was begun before and has ended since. Celery takes the AttributeError for the end of the
worker. There is nothing left to close, nor anybody who would hear of the task; so it goes on, and connects anew.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery.worker.consumer import Consumer

logger = logging.getLogger(__name__)


class LastingConsumer(Consumer):  # type: ignore[misc,unused-ignore]
    """Celery's own, for which no broken connection is the last one."""

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            self.connection = None
            logger.warning("The broken connection to the broker is left as it is: %r", error)

    def call_soon_ack(self, p: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """A task that nobody was told of is perhaps given out again; all tasks of ours may be done twice."""

        @wraps(p)
        def acknowledge(*given: Any, **further: Any) -> Any:
            try:
                return p(*given, **further)
            except AttributeError as error:
                logger.warning("A task has ended whose connection to the broker is gone: %r", error)

        return super().call_soon_ack(acknowledge, *arguments, **options)  # type: ignore[misc,unused-ignore]
