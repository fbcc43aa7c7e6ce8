"""What every resource shares: naming, strictness, durations, conditions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

GROUP = "voltaire.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

_CASED = {"kwh": "KWh", "kw": "KW", "gb": "GB", "url": "URL", "ems": "EMS"}
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LONGEST_SECONDS = 290 * 365 * 86400.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
DURATION_PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"
NAME_PATTERN = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
LABEL_NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


def camel(name: str) -> str:
    """The API's spelling of a field: `max_charge_kw` is `maxChargeKW`."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(_CASED.get(word, word.capitalize()) for word in rest)


def parse_duration(text: str | timedelta) -> timedelta:
    """Read a Go duration such as `1h30m`; raises ValueError for anything else."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f"a duration is written like 90m or 1h30m, not {text!r}")
    seconds = sum(float(value) * _UNITS[unit] for value, unit in _PART.findall(text))
    if seconds > _LONGEST_SECONDS:
        raise ValueError(f"a duration has at most 290 years, as in Go, not {text!r}")
    return timedelta(seconds=seconds)


def format_duration(value: timedelta) -> str:
    """Write a duration the way Go does, without empty parts: 5400 s is `1h30m`."""
    seconds = value.total_seconds()
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{int(hours)}h" if hours else "", f"{int(minutes)}m" if minutes else ""]
    # timedelta counts microseconds: no exponent, no digits beyond.
    parts.append(f"{rest:.6f}".rstrip("0").rstrip(".") + "s" if rest else "")
    return "".join(parts) or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "maxLength": 32}),
]
Time = AwareDatetime
Name = Annotated[str, Field(min_length=1, max_length=253, pattern=NAME_PATTERN)]
LabelName = Annotated[str, Field(min_length=1, max_length=63, pattern=LABEL_NAME_PATTERN)]
ShortText = Annotated[str, Field(min_length=1, max_length=63)]
Url = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^https?://")]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
NonNegative = Annotated[float, Field(ge=0, le=1e9)]
Jurisdiction = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")]


class Model(BaseModel):
    """Frozen, camelCase on the wire, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=camel, validate_by_name=True, validate_by_alias=True, extra="forbid", frozen=True
    )

    def to_wire(self) -> dict[str, Any]:
        """As the API server wants it: aliases, JSON types, nothing that is unset."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class StatusModel(Model):
    """A status may have been written by a newer version: what is unknown is ignored, not fatal."""

    model_config = ConfigDict(extra="ignore")


def cel(rule: str, message: str, *, path: str | None = None) -> dict[str, str]:
    """One validation rule in the Common Expression Language, with the remedy in its message."""
    return {"rule": rule, "message": message} | ({"fieldPath": path} if path else {})


def rules(*entries: dict[str, str]) -> dict[str, Any]:
    """`json_schema_extra` that carries CEL rules."""
    return {"x-kubernetes-validations": list(entries)}


def at_least(field: str, shortest: str) -> dict[str, str]:
    """A rule that the duration `field`, where it is set, is no shorter than `shortest`."""
    return cel(
        f"!has(self.{field}) || duration(self.{field}) >= duration('{shortest}')",
        f"{field} must be at least {shortest}",
    )


def defaulted(model: type[BaseModel], description: str) -> Any:
    """A nested object that the API server fills in with its own defaults when it is absent."""
    return Field(default_factory=model, description=description, json_schema_extra={"default": {}})


class Condition(StatusModel):
    """`metav1.Condition`."""

    type: Annotated[str, Field(max_length=316)] = Field(description="CamelCase name of the condition.")
    status: Literal["True", "False", "Unknown"] = Field(description="True, False or Unknown.")
    reason: Annotated[str, Field(min_length=1, max_length=1024)] = Field(
        description="CamelCase word for programs: why the condition has this status."
    )
    message: Annotated[str, Field(max_length=32768)] = Field(
        default="", description="A sentence for people, with the remedy where there is one."
    )
    last_transition_time: Time = Field(description="When the status last changed.")
    observed_generation: int | None = Field(
        default=None, ge=0, description="The generation of the spec this was judged on."
    )


class ResourceStatus(StatusModel):
    """What every status has."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The generation of the spec that was last acted on."
    )
    conditions: Annotated[list[Condition], Field(max_length=16)] = Field(
        default_factory=list,
        description="Ready is always present; Reconciling and Stalled appear when true.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )


class ObjectMeta(BaseModel):
    """The parts of an object's metadata that Voltaire reads."""

    model_config = ConfigDict(alias_generator=camel, validate_by_name=True, extra="ignore", frozen=True)

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class SecretKey(Model):
    """One key of one Secret."""

    name: Name = Field(description="Name of the Secret.")
    namespace: LabelName = Field(
        description="Namespace of the Secret. The operator reads Secrets only where its Role allows it."
    )
    key: Annotated[str, Field(min_length=1, max_length=253)] = Field(description="Key in the Secret's data.")
