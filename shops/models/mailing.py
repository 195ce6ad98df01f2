"""What every row that is sent by e-mail has: a row is its own place in the queue."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mailing(models.Model):
    """Something to be sent. It waits while `next_attempt_at` is set.

    An attempt moves that time on before it begins: should the sender die, another one tries again then, with the same
    `message_id`.
    """

    message_id = models.CharField(_("message id"), max_length=200, unique=True)
    created_at = models.DateTimeField(_("written"))
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    retry_until = models.DateTimeField(_("given up after"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_fault = models.TextField(_("last failure"), blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)

    class Meta:
        abstract = True
