"""Which tasks run by themselves, and how often. Read by crmpos.settings only."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "reconcile what has not been judged": {
        "task": "reconciliation.tasks.reconcile_unjudged",
        # What waits stands in the database, and looking whether anything does is one short query: so a receipt is
        # judged within seconds, and neither the receipt nor its register ever waits for a broker.
        "schedule": 2.0,
        # One that waited behind a long run is dropped: the next one does the same work.
        "options": {"expires": 2.0},
    },
    "judge again whose deadline has passed": {
        "task": "reconciliation.tasks.age_cases",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "tell the CRMs what waits": {
        "task": "shops.tasks.send_webhooks",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "write the digests that are due": {
        "task": "reconciliation.tasks.write_digests",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "send the letters that wait": {
        "task": "reconciliation.tasks.send_letters",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "send the letters with new passwords": {
        "task": "crmpos.tasks.send_password_resets",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "forget sessions that have run out": {
        "task": "crmpos.tasks.forget_expired_sessions",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "forward receipts to the CRMs behind shops": {
        "task": "shops.tasks.forward_receipts",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
    # Both would do once a day. Every hour, restarts however frequent cannot keep them from it, and where there is
    # nothing to do they find that out in no time.
    "divide the journal into the months ahead": {
        "task": "shops.tasks.prepare_months",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "remove texts of the journal that nobody has to keep": {
        "task": "reconciliation.tasks.apply_retention",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}
