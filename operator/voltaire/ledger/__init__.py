"""The honest account: energy, carbon, receipts and counterfactuals. Pure arithmetic.

Belongs here: what a stay cost at the intensity that occurred, and what the same work would have cost at home.
Does not: measuring, forecasts, offsets or certificates. What is unknown stays unknown and is counted as such.
"""
