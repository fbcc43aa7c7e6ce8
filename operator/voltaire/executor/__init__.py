"""The safe step: what is done with one workload next, and the status that remembers it.

`machine` and what it is made of (`values`, `state`, `case`, `rest`, `active`, `serving`, `strays`, `removal`,
`progress`, `status`) are pure. Belongs here: deciding on the next write. Does not: talking to a cluster (the
engines do) or choosing where a workload should be (the planner does).
"""
