"""The demonstration: a database that looks as after three months of work, and a server for it.

Used by the command `demo` only. Each step can be interrupted and done again: what is there already stays.
"""
