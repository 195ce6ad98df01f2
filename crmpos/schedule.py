"""Which tasks run by themselves, and how often. Read by crmpos.settings only."""

from typing import Any


def _every(seconds: int, task: str) -> dict[str, Any]:
    """One that waited behind a long run is dropped when the next one is due: that does the same work."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


SCHEDULE: dict[str, dict[str, Any]] = {
    # What waits stands in the database, and looking whether anything does is one short query: so a receipt is judged
    # within seconds, and neither the receipt nor its register ever waits for a broker.
    "reconcile what has not been judged": _every(1, "reconciliation.tasks.reconcile_unjudged"),
    "judge again whose deadline has passed": _every(10, "reconciliation.tasks.age_cases"),
    "tell the CRMs what waits": _every(5, "shops.tasks.send_webhooks"),
    "write the digests that are due": _every(300, "reconciliation.tasks.write_digests"),
    "send the letters that wait": _every(10, "reconciliation.tasks.send_letters"),
    "send the letters with new passwords": _every(5, "crmpos.tasks.send_password_resets"),
    "forget sessions that have run out": _every(3600, "crmpos.tasks.forget_expired_sessions"),
    "forward receipts to the CRMs behind shops": _every(2, "shops.tasks.forward_receipts"),
    # These would do once a day. Every hour, restarts however frequent cannot keep them from it, and where there is
    # nothing to do they find that out in no time.
    "divide the journal into the months ahead": _every(3600, "shops.tasks.prepare_months"),
    "remove texts of the journal that nobody has to keep": _every(3600, "reconciliation.tasks.apply_retention"),
    "keep the totals of days that are over": _every(3600, "reconciliation.tasks.keep_day_totals"),
}
