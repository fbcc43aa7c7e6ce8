"""The resources as pydantic models: the one source of CRDs and reference documentation.

Belongs here: fields, bounds, defaults, CEL rules, conditions, names of labels. Does not: any decision.
"""
