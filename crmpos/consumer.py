"""The part of a Celery worker that listens to the broker, made to outlive one that goes away. Set in the settings.

When Redis is killed, kombu may fail to close the broken connection: it asks Redis to forget the queue of a connection
that has forgotten its address already (AttributeError), and Celery takes that for the end of the worker. There is
nothing left to close, so the worker goes on to connect anew.
"""

import logging

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
