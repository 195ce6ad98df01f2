"""Evotor's side of the protocol: its accounts, whose a message is, what waits for a shop, names, documents.

Its cloud and the app on the terminal may call with a token that is no shop's own. `finding` says which shop is meant,
`receiving` takes the messages, `waiting` keeps those that have no shop yet. Used by the API and the admin of this app.
"""
