"""Talking to API servers: one small client and one diffing informer, for the hub and for members alike.

Belongs here: requests, watches, typed errors, the leader's Lease. Does not: what an object means.
"""
