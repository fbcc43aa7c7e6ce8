"""Why a decision is as it is: one CamelCase word each, for programs; the message beside it is for people."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Every reason a decision can carry."""

    # It runs, or starts, here.
    BEST_PLACE = "BestPlace"
    BEST_HERE = "BestHere"
    CLEANER_ELSEWHERE = "CleanerElsewhere"
    DEADLINE_NEAR = "DeadlineNear"
    DEADLINE_IMPOSSIBLE = "DeadlineImpossible"
    DURATION_UNKNOWN = "DurationUnknown"
    ALWAYS_RUNS = "AlwaysRuns"
    CLUSTER_DRAINING = "ClusterDraining"
    MAKING_ROOM = "MakingRoom"
    INTENSITY_UNKNOWN = "IntensityUnknown"
    # It is left as it is.
    NOT_WORTH_MOVING = "NotWorthMoving"
    NEVER_DISRUPTED = "NeverDisrupted"
    MINIMUM_RESIDENCE = "MinimumResidence"
    MIGRATION_BUDGET_USED = "MigrationBudgetUsed"
    IN_TRANSITION = "InTransition"
    CLUSTER_UNREACHABLE = "ClusterUnreachable"
    CLUSTER_MISSING = "ClusterMissing"
    SIGNALS_STALE = "SignalsStale"
    MIXED_BASIS = "MixedBasis"
    # It waits.
    WAITING_FOR_CLEANER = "WaitingForCleaner"
    WAITING_FOR_CAPACITY = "WaitingForCapacity"
    WAITING_FOR_EARLIEST_START = "WaitingForEarliestStart"
    CLUSTER_UNAVAILABLE = "ClusterUnavailable"
    NO_CLUSTER_FITS = "NoClusterFits"
