"""What the exchanges of a register do to PostgreSQL, in as few round trips as they can be done.

The plain way stands where each of these is called from: it serves SQLite, and all that is out of the ordinary. Tests
hold the rows that both ways write against each other.
"""
