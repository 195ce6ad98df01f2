"""Accounts of people: logging in in one or two steps, passwords, lock-out, sessions."""
