"""The life of the lab's pods.

A pod's way: initialise (init containers run) -> start -> complete | fail, and when it is deleted:
terminate (SIGTERM is sent) -> stop | kill -> delete. The stages exclude each other, so that KWOK, which picks
one of several that match at random, never has a choice.
"""

from __future__ import annotations

from typing import Any

from voltaire.lab import programs
from voltaire.lab.stage import absent, after, condition, differs, equals, exists, holds, stage

_GONE = ".metadata.deletionTimestamp"
_HAS_INIT = "(.spec.initContainers // []) != []"
_INIT_STARTED = "(.status.initContainerStatuses // []) != []"

_BAD_ANNOTATION = (
    f"an annotation among {programs.RUN_TIME}, {programs.FAIL_AFTER}, {programs.STOP_TIME} and "
    f"{programs.COMPLETED_SECONDS} is neither a duration like 90m nor a number of seconds"
)


def pod_stages(rate: float) -> list[dict[str, Any]]:
    """The stages of every pod on a node the lab fakes; its clock runs `rate` times as fast as the wall's."""
    return [*_pod_beginnings(rate), *_pod_outcomes(rate), *_pod_endings(rate)]


_ADDRESSES = """
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
{{- $own := .metadata }}
podIP: {{ if .status.podIP }}{{ .status.podIP | Quote }}{{ else -}}
{{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) $own.uid $own.name $own.namespace | Quote }}{{ end }}
startTime: {{ or .status.startTime $now | Quote }}
"""


def _containers(field: str, statuses: str, state: str, *, started: bool) -> str:
    """A status entry per container of the spec, all in the same state; Go template, YAML."""
    return f"""
{{{{ with .spec.{field} }}}}
{statuses}:
{{{{ range . }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: ""
  restartCount: 0
  ready: {str(started).lower()}
  started: {str(started).lower()}
  state:
    {state}
{{{{ end }}}}
{{{{ end }}}}
"""


def _conditions(ready: bool, reason: str = "") -> str:
    status = '"True"' if ready else '"False"'
    return "".join(
        f"""
- type: {kind}
  status: {status}
  reason: "{reason}"
  message: ""
  lastTransitionTime: {{{{ $now | Quote }}}}"""
        for kind in ("Ready", "ContainersReady")
    )


def _moment(kind: str) -> str:
    return f"""
- type: {kind}
  status: "True"
  message: {{{{ now.UnixMilli | toString | Quote }}}}
  lastTransitionTime: {{{{ $now | Quote }}}}"""


_INITIALIZED = """
- type: Initialized
  status: "True"
  reason: ""
  message: ""
  lastTransitionTime: {{ $now | Quote }}"""

_RUNNING = "running: {startedAt: {{ $now | Quote }}}"

# A sidecar (an init container that restarts always) goes on beside the containers; the others are done.
_INIT_DONE = """{{ if eq (or .restartPolicy "") "Always" }}running: {startedAt: {{ $now | Quote }}}
    {{- else }}terminated: {exitCode: 0, reason: Completed,
      startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}{{ end }}"""


def _pod_beginnings(rate: float) -> list[dict[str, Any]]:
    pending = [absent(_GONE), equals(".status.phase", "Pending")]
    valid = programs.readable(rate)
    initialise = (
        "{{ $now := Now }}\nphase: Pending"
        + _ADDRESSES
        + "conditions:"
        + _conditions(False, "ContainersNotReady")
        + _containers("initContainers", "initContainerStatuses", _RUNNING, started=True)
        + _containers("containers", "containerStatuses", "waiting: {reason: PodInitializing}", started=False)
    )
    start = (
        "{{ $now := Now }}\nphase: Running"
        + _ADDRESSES
        + "conditions:"
        + _INITIALIZED
        + _conditions(True)
        + _moment(programs.STARTED)
        + _containers("initContainers", "initContainerStatuses", _INIT_DONE, started=True)
        + _containers("containers", "containerStatuses", _RUNNING, started=True)
    )
    refuse = (
        f"phase: Failed\nreason: InvalidAnnotation\nmessage: {{{{ {_go_string(_BAD_ANNOTATION)} | Quote }}}}"
    )
    no_init_left = f"({_HAS_INIT} | not) or ({_INIT_STARTED})"
    init_time = f'if {_HAS_INIT} then "500ms" else "0s" end'
    return [
        stage(
            "pod-initialise",
            "Pod",
            [*pending, equals(valid, "valid"), holds(f"{_HAS_INIT} and ({_INIT_STARTED} | not)")],
            initialise,
        ),
        stage(
            "pod-start",
            "Pod",
            [*pending, equals(valid, "valid"), holds(no_init_left)],
            start,
            after(init_time),
        ),
        stage(
            "pod-refuse",
            "Pod",
            [*pending, differs(valid, "valid")],
            refuse,
            event=("Warning", "InvalidAnnotation", _BAD_ANNOTATION),
        ),
    ]


def _terminated(code: int, reason: str, message: str = "") -> str:
    said = f"message: {message}, " if message else ""
    return (
        f"terminated: {{exitCode: {code}, reason: {reason}, {said}"
        "startedAt: {{ $from | Quote }}, finishedAt: {{ $now | Quote }}}"
    )


_TIMES = "{{ $now := Now }}{{ $from := or .status.startTime $now }}"


def _finished(phase: str, state: str, reason: str) -> str:
    return (
        f"\nphase: {phase}\nconditions:"
        + _conditions(False, reason)
        + _containers("initContainers", "initContainerStatuses", _INIT_OVER, started=False)
        + _containers("containers", "containerStatuses", state, started=False)
    )


_INIT_OVER = _terminated(0, "Completed")


def _pod_outcomes(rate: float) -> list[dict[str, Any]]:
    running = [absent(_GONE), equals(".status.phase", "Running"), exists(condition(programs.STARTED))]
    outcome, delay = programs.outcome(rate), after(programs.outcome_delay(rate))
    succeeded = _TIMES + _finished("Succeeded", _terminated(0, "Completed"), "PodCompleted")
    failed = _TIMES + _finished("Failed", _terminated(1, "Error"), "PodFailed")
    return [
        stage("pod-complete", "Pod", [*running, equals(outcome, "complete")], succeeded, delay),
        stage("pod-fail", "Pod", [*running, equals(outcome, "fail")], failed, delay),
    ]


def _pod_endings(rate: float) -> list[dict[str, Any]]:
    leaving = [exists(_GONE), equals(".status.phase", "Pending", "Running")]
    asked = [*leaving, exists(condition(programs.STOPPING))]
    terminate = "{{ $now := Now }}\nconditions:" + _moment(programs.STOPPING)
    report = '{{ dict "completedSeconds" $completed | toJson | Quote }}'
    # 143 and 137 are what a shell reports for SIGTERM (15) and SIGKILL (9): 128 plus the signal.
    reported, killed = _terminated(143, "Error", report), _terminated(137, "Error")
    stopped = f"{{{{ if $started }}}}{reported}{{{{ else }}}}{killed}{{{{ end }}}}"
    stop = _TIMES + programs.completed_seconds_template(rate) + _finished("Failed", stopped, "PodFailed")
    kill = _TIMES + _finished("Failed", killed, "PodFailed")
    ending, delay = programs.ending(rate), after(programs.ending_delay(rate))
    return [
        stage(
            "pod-terminate",
            "Pod",
            [*leaving, absent(condition(programs.STOPPING))],
            terminate,
            event=("Normal", "Killing", "Stopping the containers"),
        ),
        stage("pod-stop", "Pod", [*asked, equals(ending, "stopped")], stop, delay),
        stage("pod-kill", "Pod", [*asked, equals(ending, "killed")], kill, delay),
        stage("pod-delete", "Pod", [exists(_GONE), equals(".status.phase", "Failed", "Succeeded")], None),
    ]


def _go_string(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'
