"""The life of the lab's nodes: ready from the start, with a heartbeat."""

from __future__ import annotations

from typing import Any

from voltaire.lab.stage import condition, differs, equals, stage

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


def node_stages() -> list[dict[str, Any]]:
    """The stages of every node the lab fakes."""
    times = "{{ $now := Now }}{{ $since := or .metadata.creationTimestamp $now }}"
    ready = condition("Ready")
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
        stage("node-initialise", "Node", [differs(ready, "True")], first),
        stage("node-heartbeat", "Node", [equals(ready, "True")], times + _NODE_CONDITIONS, beat),
    ]
