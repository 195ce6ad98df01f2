"""Turns what messages say into rows. Used by the services of this app.

A batch of messages is recorded at once: each book loads (and locks) the rows that the batch is about, changes them in
memory message by message, and writes them back. Messages may arrive in any order and any number of times: a
statement counts by its place in the journal, not by when it is recorded, so that an older log imported later
overwrites nothing newer.
"""
