"""The running operator: tasks that gather, plan, act and report, and what they share.

Belongs here: wiring, supervision, the order of writes. Does not: any rule of placement, of safety or of
arithmetic; those are pure and live in planner, executor and ledger.
"""
