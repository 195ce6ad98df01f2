"""Relay mode: a shop keeps its old v2 CRM, and crmpos stands between it and the registers.

`client` speaks to the CRM, `breaker` spares the registers one that is dead, `asking` answers LIST and BILL with what
the CRM says, and `forwarding` brings it the receipts. Used by the services, tasks and admin of this app.
"""
