"""Telling people by e-mail: a digest a day, and at once what exceeds a shop's threshold.

`readers` knows who is told what, `figures` counts for a digest, `digests` and `alerts` write letters, `wording` gives
them their words, `outbox` keeps them until `sending` has handed them to a mail server. Used by applying, the tasks and
the admin of this app.
"""
