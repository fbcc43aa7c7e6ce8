"""The demo: a day of a small fleet, played in two to four minutes on real control planes.

Takes the samples a user would apply, a lab to apply them to and a day of carbon intensity; gives
`result.json` and `report.html`. It uses the operator as any user does, through `kubectl apply`, and believes
nothing it says: the evidence comes from an observer that watches the pods in each member.

    day        the built-in day: a documented model of typical intensity
    trace      a day from a CSV matrix, and the ConfigMaps that carry a day to the hub
    scenario   what the samples describe, and the overlay that gives them this day's times
    site       the battery, the sun and the load of a site: pure physics
    telemetry  the same, over time, read by HTTP as a real site would be
    observations, observer   which pods existed where and when
    decisions  what the operator decided, from its status
    invariants what must hold, checked against the observations
    result     result.json, figure by figure (docs/reference/demo-result.md)
    figures, report          report.html
    screen     the live view
    install, sites, witnesses, operator_process, play, performance   the run itself

What belongs here: playing, watching and showing. What does not: anything that decides; the operator must not
know that it takes part in a demo.
"""
