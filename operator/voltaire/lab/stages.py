"""The life of the lab's nodes and pods, as KWOK Stage objects.

A pod's way: initialise (init containers run) -> start -> complete | fail, and when it is deleted:
terminate (SIGTERM is sent) -> stop | kill -> delete. The stages exclude each other, so that KWOK, which picks
one of several that match at random, never has a choice.
"""

from __future__ import annotations

from typing import Any

from voltaire.lab import programs

_GONE = ".metadata.deletionTimestamp"
_HAS_INIT = "(.spec.initContainers // []) != []"
_INIT_STARTED = "(.status.initContainerStatuses // []) != []"

_BAD_ANNOTATION = (
    f"an annotation among {programs.RUN_TIME}, {programs.FAIL_AFTER}, {programs.STOP_TIME} and "
    f"{programs.COMPLETED_SECONDS} is neither a duration like 90m nor a number of seconds"
)


def stages(rate: float) -> list[dict[str, Any]]:
    """KWOK's configuration and all stages for a lab whose clock runs `rate` times as fast as the wall's."""
    return [
        _configuration(),
        *_node_stages(),
        *_pod_beginnings(rate),
        *_pod_outcomes(rate),
        *_pod_endings(rate),
    ]


def _configuration() -> dict[str, Any]:
    # KWOK takes a file's zeros for meant: what is not given here would be no worker at all.
    options = {
        "podPlayStageParallelism": 16,
        "nodePlayStageParallelism": 4,
        "nodeLeaseParallelism": 4,
        "podsOnNodeSyncParallelism": 2,
        "nodeLeaseDurationSeconds": 40,
    }
    return {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration", "options": options}


def _stage(
    name: str,
    kind: str,
    when: list[dict[str, Any]],
    template: str | None,
    delay: dict[str, Any] | None = None,
    event: tuple[str, str, str] | None = None,
) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    if event is not None:
        steps.append({"event": {"type": event[0], "reason": event[1], "message": event[2]}})
    if template is None:
        steps.append({"delete": True})
    else:
        steps.append({"patch": {"subresource": "status", "root": "status", "template": template}})
    spec: dict[str, Any] = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": [{"jq": expression} for expression in when]},
        "steps": steps,
    }
    if delay is not None:
        spec["delay"] = delay
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def _exists(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "Exists"}


def _absent(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "DoesNotExist"}


def _is(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


def _is_not(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "NotIn", "values": list(values)}


def _true(condition: str) -> dict[str, Any]:
    return _is(condition, "true")


def _after(expression: str) -> dict[str, Any]:
    return {"durationFrom": {"jq": {"expression": expression}}}


def _condition(kind: str) -> str:
    return f'.status.conditions[]? | select(.type == "{kind}") | .status'


_NODE_CONDITIONS = """
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $since | Quote }}
{{ end }}
"""


def _node_stages() -> list[dict[str, Any]]:
    times = "{{ $now := Now }}{{ $since := or .metadata.creationTimestamp $now }}"
    ready = _condition("Ready")
    first = (
        times
        + _NODE_CONDITIONS
        + """
phase: Running
addresses:
- {type: InternalIP, address: 127.0.0.1}
- {type: Hostname, address: {{ .metadata.name | Quote }}}
nodeInfo:
  architecture: amd64
  operatingSystem: linux
  bootID: ""
  machineID: ""
  systemUUID: ""
  osImage: voltaire lab
  kernelVersion: none
  containerRuntimeVersion: {{ printf "kwok://%s" Version | Quote }}
  kubeletVersion: {{ printf "kwok-%s" Version | Quote }}
  kubeProxyVersion: ""
"""
    )
    beat = {"durationMilliseconds": 300_000, "jitterDurationMilliseconds": 310_000}
    return [
        _stage("node-initialise", "Node", [_is_not(ready, "True")], first),
        _stage("node-heartbeat", "Node", [_is(ready, "True")], times + _NODE_CONDITIONS, beat),
    ]


_ADDRESSES = """
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ or .status.podIP (PodIPWith .spec.nodeName (or .spec.hostNetwork false) .metadata.uid .metadata.name .metadata.namespace) | Quote }}
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
    {{- else }}terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}{{ end }}"""


def _pod_beginnings(rate: float) -> list[dict[str, Any]]:
    pending = [_absent(_GONE), _is(".status.phase", "Pending")]
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
        _stage(
            "pod-initialise",
            "Pod",
            [*pending, _is(valid, "valid"), _true(f"{_HAS_INIT} and ({_INIT_STARTED} | not)")],
            initialise,
        ),
        _stage(
            "pod-start", "Pod", [*pending, _is(valid, "valid"), _true(no_init_left)], start, _after(init_time)
        ),
        _stage(
            "pod-refuse",
            "Pod",
            [*pending, _is_not(valid, "valid")],
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
    running = [_absent(_GONE), _is(".status.phase", "Running"), _exists(_condition(programs.STARTED))]
    outcome, delay = programs.outcome(rate), _after(programs.outcome_delay(rate))
    succeeded = _TIMES + _finished("Succeeded", _terminated(0, "Completed"), "PodCompleted")
    failed = _TIMES + _finished("Failed", _terminated(1, "Error"), "PodFailed")
    return [
        _stage("pod-complete", "Pod", [*running, _is(outcome, "complete")], succeeded, delay),
        _stage("pod-fail", "Pod", [*running, _is(outcome, "fail")], failed, delay),
    ]


def _pod_endings(rate: float) -> list[dict[str, Any]]:
    leaving = [_exists(_GONE), _is(".status.phase", "Pending", "Running")]
    asked = [*leaving, _exists(_condition(programs.STOPPING))]
    terminate = "{{ $now := Now }}\nconditions:" + _moment(programs.STOPPING)
    report = '{{ dict "completedSeconds" $completed | toJson | Quote }}'
    # 143 and 137 are what a shell reports for SIGTERM (15) and SIGKILL (9): 128 plus the signal.
    stopped = f"{{{{ if $started }}}}{_terminated(143, 'Error', report)}{{{{ else }}}}{_terminated(137, 'Error')}{{{{ end }}}}"
    stop = _TIMES + programs.completed_seconds_template(rate) + _finished("Failed", stopped, "PodFailed")
    kill = _TIMES + _finished("Failed", _terminated(137, "Error"), "PodFailed")
    ending, delay = programs.ending(rate), _after(programs.ending_delay(rate))
    return [
        _stage(
            "pod-terminate",
            "Pod",
            [*leaving, _absent(_condition(programs.STOPPING))],
            terminate,
            event=("Normal", "Killing", "Stopping the containers"),
        ),
        _stage("pod-stop", "Pod", [*asked, _is(ending, "stopped")], stop, delay),
        _stage("pod-kill", "Pod", [*asked, _is(ending, "killed")], kill, delay),
        _stage("pod-delete", "Pod", [_exists(_GONE), _is(".status.phase", "Failed", "Succeeded")], None),
    ]


def _go_string(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'
