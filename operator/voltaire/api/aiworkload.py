"""AIWorkload: something to run, and what may be done to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from voltaire.api.base import (
    NAME_PATTERN,
    Duration,
    Fraction,
    Jurisdiction,
    Model,
    Name,
    NonNegative,
    Positive,
    ResourceStatus,
    StatusModel,
    Time,
    at_least,
    cel,
    defaulted,
    rules,
)
from voltaire.api.regionalcluster import AcceleratorType

# Kinds that adapters exist for: (apiVersion, kind) -> what they are. The engine's registry covers the same.
RUN_TO_COMPLETION = (("batch/v1", "Job"),)
SERVERS = (("apps/v1", "Deployment"),)
MANIFEST_KINDS = RUN_TO_COMPLETION + SERVERS

WorkloadType = Literal["Training", "BatchInference", "Serving"]
DisruptionMode = Literal["Never", "Suspend", "Migrate"]
Phase = Literal["Pending", "Placing", "Running", "Draining", "Stopped", "Paused", "Succeeded", "Failed"]
ObjectName = Annotated[str, Field(max_length=253)]


def _kinds(kinds: tuple[tuple[str, str], ...]) -> str:
    return "[" + ", ".join(f"'{api}/{kind}'" for api, kind in kinds) + "]"


def _named(kinds: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{kind} ({api})" for api, kind in kinds)


class Profile(Model):
    """What the work needs and draws. What is absent is read from the manifest or a table."""

    model_config = ConfigDict(json_schema_extra=rules(at_least("duration", "1s")))

    accelerators: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="Accelerators of the whole gang. Absent: pods x their requests."
    )
    power_kw: Positive | None = Field(
        default=None, description="IT power of the whole gang at work, kW. Absent: by accelerator type."
    )
    duration: Duration | None = Field(
        default=None, description="Expected run time with the whole gang at throughput 1."
    )
    throughput: Annotated[
        dict[AcceleratorType, Annotated[float, Field(ge=0, le=1000)]], Field(max_length=32)
    ] = Field(
        default_factory=dict,
        description="Relative speed per accelerator type; 1 where absent, 0 where it cannot run.",
    )


class Schedule(Model):
    """When it may run."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(
                "!has(self.earliestStart) || !has(self.deadline) || self.earliestStart < self.deadline",
                "deadline must come after earliestStart",
            ),
            cel(
                "!has(self.deadlineKind) || self.deadlineKind == 'Preferred' || has(self.deadline)",
                "deadlineKind Required needs a deadline",
            ),
        )
    )

    earliest_start: Time | None = Field(default=None, description="Not before this time.")
    deadline: Time | None = Field(default=None, description="To be finished by this time.")
    deadline_kind: Literal["Required", "Preferred"] = Field(
        default="Preferred",
        description="Required: carbon never makes it late. Preferred: lateness is weighed by the policy.",
    )


class SelectorRequirement(Model):
    """One requirement on labels."""

    key: Annotated[str, Field(min_length=1, max_length=317)] = Field(description="Label key.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(description="Relation to values.")
    values: Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=64)] = Field(
        default_factory=list, description="Values for In and NotIn."
    )


class LabelSelector(Model):
    """Selects RegionalClusters by their labels; empty selects all."""

    match_labels: Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=32)] = Field(
        default_factory=dict, description="All of these labels."
    )
    match_expressions: Annotated[list[SelectorRequirement], Field(max_length=32)] = Field(
        default_factory=list, description="All of these requirements."
    )


class Placement(Model):
    """Where it may run."""

    policy: Name | None = Field(
        default=None, description="PlacementPolicy to use. Absent: the one called default, if any."
    )
    cluster_selector: LabelSelector = defaulted(LabelSelector, "Clusters it may run on, by label.")
    residency: Annotated[list[Jurisdiction], Field(max_length=32)] = Field(
        default_factory=list,
        description="Jurisdictions its data may lie in: one of them is enough. Empty: anywhere.",
    )
    home_cluster: Name | None = Field(
        default=None,
        description="Where it would run without Voltaire: the counterfactual is computed there.",
    )


class Checkpoint(Model):
    """What survives a stop."""

    model_config = ConfigDict(json_schema_extra=rules(at_least("interval", "1s")))

    interval: Duration | None = Field(
        default=None, description="How often it saves by itself. Absent: only when asked, if at all."
    )
    on_termination: bool = Field(
        default=False, description="It saves when it gets SIGTERM, within its grace period."
    )
    size_gb: NonNegative = Field(default=0.0, description="Size that a migration transfers, GB.")
    restore_time: Duration = Field(
        default=timedelta(minutes=3), description="From start to useful work after a restore."
    )


class Disruption(Model):
    """What may be done to it once it runs."""

    mode: DisruptionMode = Field(
        default="Never",
        description="Never: once started it stays. Suspend: may be paused in place. Migrate: may also move.",
    )
    checkpoint: Checkpoint = defaulted(Checkpoint, "What survives a stop.")
    minimum_residence: Duration | None = Field(
        default=None, description="Least time in one place between two changes. Absent: the policy's."
    )
    maximum_migrations: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=10, description="Migrations it may go through in all."
    )
    on_cluster_lost: Literal["Wait", "RestartElsewhere"] = Field(
        default="Wait",
        description="When its cluster cannot be reached. Wait: never two copies. RestartElsewhere accepts "
        "that the lost copy may still run, in exchange for going on.",
    )


class AIWorkloadSpec(Model):
    """A Kubernetes object that runs AI work, and what may be done to it."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(
                f"(self.manifest.apiVersion + '/' + self.manifest.kind) in {_kinds(MANIFEST_KINDS)}",
                f"manifest must be one of: {_named(MANIFEST_KINDS)}",
                path=".manifest",
            ),
            cel(
                "self.type == 'Serving' ? (self.manifest.apiVersion + '/' + self.manifest.kind) in "
                f"{_kinds(SERVERS)} : !((self.manifest.apiVersion + '/' + self.manifest.kind) in "
                f"{_kinds(SERVERS)})",
                f"type Serving takes {_named(SERVERS)}; Training and BatchInference take "
                f"{_named(RUN_TO_COMPLETION)}",
                path=".type",
            ),
            cel(
                "!has(self.manifest.metadata) || !has(self.manifest.metadata.name) || "
                "self.manifest.metadata.name.size() <= 52",
                "manifest.metadata.name must have at most 52 characters: pods get a suffix",
                path=".manifest",
            ),
            cel(
                "self.type != 'Serving' || !has(self.schedule) || !has(self.schedule.deadline)",
                "a Serving workload has no deadline",
                path=".schedule",
            ),
            cel(
                "self.manifest == oldSelf.manifest",
                "manifest cannot change: delete the AIWorkload and apply it anew",
                path=".manifest",
            ),
        )
    )

    type: WorkloadType = Field(description="What it is.")
    manifest: dict[str, Any] = Field(
        description="The object to run, as one would apply it to a cluster: in the AIWorkload's own "
        f"namespace, one of {_named(MANIFEST_KINDS)}.",
        json_schema_extra={
            "x-kubernetes-preserve-unknown-fields": True,
            "required": ["apiVersion", "kind", "spec"],
            "properties": {
                "apiVersion": {"type": "string", "maxLength": 253, "description": "Its API version."},
                "kind": {"type": "string", "maxLength": 63, "description": "Its kind."},
                "metadata": {
                    "type": "object",
                    "description": "Its labels and annotations; the name is the AIWorkload's unless set.",
                    "x-kubernetes-preserve-unknown-fields": True,
                    "properties": {
                        "name": {
                            "type": "string",
                            "maxLength": 253,
                            "pattern": NAME_PATTERN,
                            "description": "Its name in the member, at most 52 characters.",
                        },
                        "namespace": {
                            "type": "string",
                            "maxLength": 63,
                            "description": "Leave it out, or name the AIWorkload's own.",
                        },
                    },
                },
                "spec": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": True,
                    "description": "Its spec, checked by the member's API server.",
                },
            },
        },
    )
    profile: Profile = defaulted(Profile, "What the work needs and draws.")
    schedule: Schedule = defaulted(Schedule, "When it may run.")
    placement: Placement = defaulted(Placement, "Where it may run.")
    disruption: Disruption = defaulted(Disruption, "What may be done to it once it runs.")
    suspend: bool = Field(default=False, description="Stop it and keep it stopped until this is false.")


class PlacementStatus(StatusModel):
    """One copy: where it is, or may be."""

    cluster: ObjectName = Field(description="The RegionalCluster.")
    epoch: Annotated[int, Field(ge=1)] = Field(description="Fencing epoch: grows with every start.")
    since: Time = Field(description="When it was placed there.")
    object_uid: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="uid of the object in the member, once seen."
    )
    started_at: Time | None = Field(default=None, description="When its pods ran.")
    accelerator_type: AcceleratorType | None = Field(
        default=None, description="Type of the accelerators it was placed on."
    )
    power_kw: NonNegative | None = Field(
        default=None, description="IT power of the whole gang at work there, kW."
    )


class CheckpointStatus(StatusModel):
    """The work that survives."""

    completed_seconds: NonNegative = Field(description="Work done, in seconds at throughput 1.")
    time: Time = Field(description="When it was saved.")
    cluster: ObjectName | None = Field(default=None, description="Where it lies.")


class ProgressStatus(StatusModel):
    """How far it is."""

    completed_seconds: NonNegative = Field(description="Work done, in seconds at throughput 1.")
    total_seconds: NonNegative | None = Field(default=None, description="Work in all, if known.")
    percent: Annotated[int, Field(ge=0, le=100)] | None = Field(default=None, description="Done, per cent.")


class NextStep(StatusModel):
    """A coming step of the plan."""

    time: Time = Field(description="When.")
    action: Literal["Start", "Pause", "Resume", "Migrate", "Finish"] = Field(description="What.")
    cluster: ObjectName | None = Field(default=None, description="Where.")


class CandidateStatus(StatusModel):
    """A cluster that was considered."""

    cluster: ObjectName = Field(description="The RegionalCluster.")
    grams: float | None = Field(default=None, description="Emissions of the remaining work there, g.")
    rejected: Annotated[str, Field(max_length=512)] | None = Field(
        default=None, description="Why it cannot run there."
    )
    price_grams: NonNegative = Field(
        default=0.0, description="What the room it would take there is worth to others, gCO2eq."
    )


class Why(StatusModel):
    """The reasons behind the current decision."""

    reason: Annotated[str, Field(max_length=63)] = Field(description="CamelCase word for programs.")
    message: Annotated[str, Field(max_length=1024)] = Field(description="A sentence for people.")
    candidates: Annotated[list[CandidateStatus], Field(max_length=8)] = Field(
        default_factory=list, description="What was considered, best first."
    )
    limit: Literal["Capacity", "Power", "Deadline", "Residency", "Battery"] | None = Field(
        default=None,
        description="What keeps it from something cleaner; Battery: stored or solar energy keeps it here.",
    )


class Receipt(StatusModel):
    """What one stay in one place cost."""

    cluster: ObjectName = Field(description="The RegionalCluster.")
    epoch: Annotated[int, Field(ge=1)] = Field(description="Its fencing epoch.")
    start: Time = Field(description="When its pods ran.")
    end: Time | None = Field(default=None, description="When they were gone; absent while they run.")
    power_kw: NonNegative | None = Field(default=None, description="IT power of the whole gang, kW.")
    energy_kwh: NonNegative = Field(description="Facility energy, kWh: the run and the transfer to it.")
    grams: NonNegative = Field(description="Emissions, gCO2eq, at the intensity that occurred.")
    unknown_kwh: NonNegative = Field(
        default=0.0, description="Part of the energy whose intensity is not known: its grams are missing."
    )
    transfer_kwh: NonNegative = Field(
        default=0.0, description="Part of the energy that moving the checkpoint here took, kWh."
    )
    transfer_grams: NonNegative = Field(default=0.0, description="Its emissions, gCO2eq.")


class AIWorkloadStatus(ResourceStatus):
    """Where it is, why, and what it cost. The executor's durable memory: written before every action."""

    phase: Phase = Field(default="Pending", description="Where it is in its life.")
    epoch: Annotated[int, Field(ge=0)] = Field(default=0, description="The last fencing epoch given out.")
    placement: PlacementStatus | None = Field(default=None, description="The copy that runs or will.")
    previous: PlacementStatus | None = Field(
        default=None, description="A server's copy that serves until the new one is ready."
    )
    target: ObjectName | None = Field(default=None, description="Where it goes once it has stopped.")
    phase_since: Time | None = Field(default=None, description="When the phase began.")
    checkpoint: CheckpointStatus | None = Field(default=None, description="The work that survives.")
    progress: ProgressStatus | None = Field(default=None, description="How far it is.")
    next: Annotated[list[NextStep], Field(max_length=8)] = Field(
        default_factory=list, description="The next steps of the plan."
    )
    why: Why | None = Field(default=None, description="The reasons behind the current decision.")
    migrations: Annotated[int, Field(ge=0)] = Field(default=0, description="Migrations so far.")
    pauses: Annotated[int, Field(ge=0)] = Field(default=0, description="Pauses so far.")
    last_change: Time | None = Field(
        default=None, description="When it last started, paused or moved: minimum residence counts from it."
    )
    receipts: Annotated[list[Receipt], Field(max_length=128)] = Field(
        default_factory=list, description="One for each stay, oldest first."
    )
    energy_kwh: NonNegative | None = Field(default=None, description="Facility energy so far, kWh.")
    grams: NonNegative | None = Field(default=None, description="Emissions so far, gCO2eq.")
    counterfactual_grams: NonNegative | None = Field(
        default=None, description="What the same work would have emitted at home, started on arrival."
    )
    saved: Annotated[str, Field(max_length=16)] | None = Field(
        default=None, description="Share saved against the counterfactual; negative where it cost more."
    )
    finished_at: Time | None = Field(default=None, description="When it finished.")
    deadline_met: bool | None = Field(default=None, description="Whether it finished by its deadline.")
    uncleaned: Annotated[list[ObjectName], Field(max_length=32)] = Field(
        default_factory=list, description="Members that could not be reached when it was deleted."
    )
    quality: Fraction | None = Field(
        default=None, description="Share of the energy that rests on known intensity."
    )
