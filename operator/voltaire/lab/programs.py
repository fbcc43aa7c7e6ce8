"""The fake programs inside the lab's pods: what their annotations mean, in the language KWOK computes with.

A pod says how its program behaves (durations as Go strings or plain seconds, in the lab clock's time):

| annotation | meaning |
|---|---|
| `lab.voltaire.dev/run-time` | the whole program's run time; without it the pod runs until it is stopped |
| `voltaire.dev/completed-seconds` | work restored from a checkpoint: so much of the run time is done |
| `lab.voltaire.dev/fail-after` | the program exits with code 1 after so much time in this pod |
| `lab.voltaire.dev/stop-time` | from SIGTERM to exit, as for writing a checkpoint |

The real time of all of these is divided by the lab's clock rate. The grace period of a pod is Kubernetes' own
and stays real: a program whose stop takes longer is killed and reports nothing.
"""

from __future__ import annotations

RUN_TIME = "lab.voltaire.dev/run-time"
FAIL_AFTER = "lab.voltaire.dev/fail-after"
STOP_TIME = "lab.voltaire.dev/stop-time"
COMPLETED_SECONDS = "voltaire.dev/completed-seconds"

STARTED = "lab.voltaire.dev/Started"
"""Pod condition set when the containers start; its message is the moment in Unix milliseconds, because
Kubernetes' own times are whole seconds, which at a fast rate are minutes of the lab's clock."""

STOPPING = "lab.voltaire.dev/Stopping"
"""Pod condition set when SIGTERM is sent; its message is the moment in Unix milliseconds."""

MINIMUM_RUN_MS = 500
DEFAULT_STOP_MS = 500

_DURATION = r"^([0-9]+([.][0-9]*)?(h|ms|m|s|us|µs|ns))+$"
_UNITS = '{"h":3600,"m":60,"s":1,"ms":0.001,"us":0.000001,"µs":0.000001,"ns":0.000000001}'

_DEFINITIONS = f"""
def seconds:
  if test("^[0-9]+([.][0-9]*)?$") then tonumber
  elif test("{_DURATION}") then
    [scan("([0-9.]+)(h|ms|m|s|us|µs|ns)") | (.[0] | tonumber) * {_UNITS}[.[1]]] | add
  else error("not a duration") end;
def given($key): (.metadata.annotations // {{}})[$key] | if . == null then null else seconds end;
def moment($type): [.status.conditions[]? | select(.type == $type) | .message | tonumber][0];
def run_left: given("{RUN_TIME}") as $run | (given("{COMPLETED_SECONDS}") // 0) as $done |
  if $run == null then null else [$run - $done, 0] | max end;
def real_ms: . * 1000 / $rate;
def fails: given("{FAIL_AFTER}") as $fail | run_left as $left |
  $fail != null and ($left == null or $fail < $left);
def stop_ms: given("{STOP_TIME}") as $stop |
  if moment("{STARTED}") == null then 0 elif $stop == null then {DEFAULT_STOP_MS} else $stop | real_ms end;
def grace_ms: (.metadata.deletionGracePeriodSeconds // 30) * 1000;
def until: [. - now * 1000, 1] | max | floor | tostring + "ms";
"""


def _expression(rate: float, body: str) -> str:
    return f"{_DEFINITIONS.replace('$rate', repr(rate))} {body}".strip()


def readable(rate: float) -> str:
    """`valid` when every annotation can be read; no value otherwise."""
    keys = ", ".join(f'"{key}"' for key in (RUN_TIME, FAIL_AFTER, STOP_TIME, COMPLETED_SECONDS))
    return _expression(rate, f'[({keys}) as $key | given($key)] | "valid"')


def outcome(rate: float) -> str:
    """`complete` or `fail`, whichever comes first; no value for a program that runs until it is stopped."""
    return _expression(rate, 'if fails then "fail" elif run_left != null then "complete" else empty end')


def outcome_delay(rate: float) -> str:
    """How long until that outcome, as a duration of real time, counted from the recorded start."""
    return _expression(
        rate,
        f'moment("{STARTED}") + ([(if fails then given("{FAIL_AFTER}") else run_left end | real_ms), '
        f"{MINIMUM_RUN_MS}] | max) | until",
    )


def ending(rate: float) -> str:
    """`stopped` when the program's stop fits the grace period, else `killed`."""
    return _expression(rate, 'if stop_ms <= grace_ms then "stopped" else "killed" end')


def ending_delay(rate: float) -> str:
    """How long until the containers have ended, as a duration of real time, counted from SIGTERM."""
    return _expression(rate, f'moment("{STOPPING}") + ([stop_ms, grace_ms] | min) | until')


def completed_seconds_template(rate: float) -> str:
    """A Go template's value: seconds of work done when SIGTERM came, restored work included."""
    moments = "".join(
        f'{{{{ range .status.conditions }}}}{{{{ if eq .type "{kind}" }}}}'
        f"{{{{ {variable} = .message }}}}{{{{ end }}}}{{{{ end }}}}"
        for kind, variable in ((STARTED, "$started"), (STOPPING, "$stopping"))
    )
    return (
        '{{ $started := "" }}{{ $stopping := "" }}'
        + moments
        + "{{ $annotations := or .metadata.annotations dict }}"
        + f'{{{{ $restored := float64 (default "0" (index $annotations "{COMPLETED_SECONDS}")) }}}}'
        + "{{ $worked := divf (subf (float64 $stopping) (float64 $started)) 1000.0 }}"
        + f"{{{{ $completed := int64 (floor (addf $restored (mulf $worked {rate!r}))) }}}}"
    )
