"""The tables of the composition root: what belongs to people's accounts."""

from crmpos.accounts.models import FailedLogIn, ResetRequest, Session

__all__ = ["FailedLogIn", "ResetRequest", "Session"]
