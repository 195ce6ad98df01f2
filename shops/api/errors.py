"""Errors of the v1 and v2 endpoints, in the form that Evotor's cloud understands.

`{"errors": [{"code": 2001, "reason": "...", "subject": "..."}]}`. Evotor: "Ошибки" of its public API description.
"""

import logging
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError
from rest_framework import status
from rest_framework.exceptions import APIException, NotAuthenticated, Throttled
from rest_framework.response import Response
from rest_framework.views import exception_handler

from shops.wire_fields import INCORRECT, MALFORMED, WireError
from shops.wire_writer import write_error

WRONG_APPLICATION_TOKEN, WRONG_USER_TOKEN = 1001, 1002
CONFLICT = 2004

# A database that is down, starts, is full or only to be read. What it refuses for what a message says is none of these.
DATABASE_FAILURES = (OperationalError, InterfaceError, InternalError)
RETRY_AFTER_SECONDS = 10

logger = logging.getLogger(__name__)


class ProtocolError(APIException):
    """An answer with an error code of Evotor's; `status_code` is the HTTP status."""

    def __init__(self, status_code: int, code: int, reason: str, subject: str = "") -> None:
        super().__init__(reason)
        self.status_code, self.evotor_code, self.subject = status_code, code, subject


class Unauthorised(ProtocolError):
    """The caller is nobody we know."""

    def __init__(self, code: int = WRONG_USER_TOKEN, reason: str = "unknown token") -> None:
        super().__init__(status.HTTP_401_UNAUTHORIZED, code, reason, "Authorization")


class Forbidden(ProtocolError):
    """The caller is known and may not do this."""

    def __init__(self, reason: str) -> None:
        super().__init__(status.HTTP_403_FORBIDDEN, WRONG_USER_TOKEN, reason, "Authorization")


class NotFound(ProtocolError):
    def __init__(self, reason: str, subject: str) -> None:
        super().__init__(status.HTTP_404_NOT_FOUND, INCORRECT, reason, subject)


def write_not_found(subject: str) -> bytes:
    """The body of a 404 for an address that is none of the protocol's."""
    return write_error(INCORRECT, "no such address", subject)


def bad_input(error: WireError) -> ProtocolError:
    """400 for a message that cannot be understood."""
    return ProtocolError(status.HTTP_400_BAD_REQUEST, error.code, error.reason, error.subject)


def error_body(code: int, reason: str, subject: str = "") -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "reason": reason}
    return {"errors": [error | {"subject": subject} if subject else error]}


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler for the protocol's views: the same statuses, in Evotor's form."""
    if isinstance(error, DATABASE_FAILURES):
        logger.error("The database fails, and a caller is asked to try again: %s", error, exc_info=error)
        return _ask_to_try_again()
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ProtocolError):
        body = error_body(error.evotor_code, str(error.detail), error.subject)
    elif isinstance(error, NotAuthenticated):
        body = error_body(WRONG_USER_TOKEN, "no token", "Authorization")
    else:
        refused = response.status_code in (status.HTTP_401_UNAUTHORIZED, status.HTTP_403_FORBIDDEN)
        code = WRONG_USER_TOKEN if refused else CONFLICT if isinstance(error, Throttled) else MALFORMED
        body = error_body(code, str(getattr(error, "detail", error)), "Authorization" if refused else "")
    response.data = body
    return response


def _ask_to_try_again() -> Response:
    """503: nothing was accepted, nothing is lost, for whoever gets no 200 sends again."""
    body = error_body(CONFLICT, "the database does not answer: try again")
    return Response(body, status.HTTP_503_SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
