"""PlacementPolicy: what is optimised, how eagerly, and how far ahead."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from voltaire.api.base import Duration, Fraction, Model, NonNegative, ResourceStatus, cel, defaulted, rules


class Objective(Model):
    """What a plan costs, in grams of CO2eq: other costs are weighed against carbon."""

    lateness_grams_per_hour: NonNegative = Field(
        default=5000.0, description="What an hour past a preferred deadline costs."
    )


class Hysteresis(Model):
    """How much better a change must be before it is made."""

    minimum_saving: Fraction = Field(
        default=0.05,
        description="Share of the remaining emissions, a day's at most, that a move or pause must save.",
    )
    minimum_saving_grams: NonNegative = Field(
        default=0.0, description="Grams that a move or pause must save, after its own cost."
    )
    minimum_residence: Duration = Field(
        default=timedelta(minutes=30), description="Least time in one place between two changes."
    )


class MigrationCost(Model):
    """What moving a checkpoint costs."""

    kwh_per_gb: NonNegative = Field(
        default=0.06, description="Network energy per GB moved (Aslan et al. 2018 give 0.06 for 2015)."
    )
    gb_per_hour: Annotated[float, Field(gt=0, le=1e9)] = Field(
        default=450.0, description="GB moved per hour: 450 is 1 Gbit/s."
    )


class MigrationBudget(Model):
    """How much may change at once: a mass event becomes a trickle."""

    per_hour: Annotated[int, Field(ge=0, le=100000)] = Field(
        default=60, description="Migrations the whole fleet may begin in an hour."
    )
    concurrent: Annotated[int, Field(ge=1, le=10000)] = Field(
        default=20, description="Migrations under way at once."
    )


class PlacementPolicySpec(Model):
    """Used by the AIWorkloads that name it; the one called `default` also sets slot and horizon."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(
                "duration(self.slot) >= duration('5m') && duration(self.slot) <= duration('60m')",
                "slot must lie between 5m and 60m",
            ),
            cel(
                "duration(self.horizon) >= duration('24h') && duration(self.horizon) <= duration('168h')",
                "horizon must lie between 24h and 168h",
            ),
        )
    )

    mode: Literal["Auto", "Recommend"] = Field(
        default="Auto", description="Auto acts; Recommend only says what it would do."
    )
    objective: Objective = defaulted(Objective, "What is minimised.")
    hysteresis: Hysteresis = defaulted(Hysteresis, "What a change must be worth.")
    migration: MigrationCost = defaulted(MigrationCost, "What a migration costs.")
    budget: MigrationBudget = defaulted(MigrationBudget, "How many migrations at once.")
    slot: Duration = Field(default=timedelta(minutes=15), description="The planning step.")
    horizon: Duration = Field(default=timedelta(hours=48), description="How far ahead is planned.")


class PlacementPolicyStatus(ResourceStatus):
    """How the policy is doing."""
