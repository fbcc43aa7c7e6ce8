"""How a placement becomes reality in a member: a `Request` goes in, an `Observation` comes out.

Belongs here: connections to members, their capacity, one adapter for each kind of manifest, and the engines
that act through them. Does not: deciding what to ask for (the planner) or when (the executor).
"""
