"""Voltaire places AI workloads where and when electricity is clean."""

__version__ = "0.1.0"
