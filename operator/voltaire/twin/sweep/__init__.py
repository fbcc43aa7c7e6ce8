"""Many runs of the twin: cases, the processes that run them, what they say together.

A case is plain data and `run_case` a pure function of it, so that it can run here, in another process or on a
Dask cluster, and an interrupted sweep goes on where it was.
"""
