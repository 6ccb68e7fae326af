"""Those who carry out orders: shells, requests, queries, and our own actions with probe and undo.

Question: how is each kind of command done, how is it seen whether it was done, how is it taken back?
In: orders.  Out: outcomes with evidence. Nothing here decides whether it may be done; that is the engine's business.
"""
