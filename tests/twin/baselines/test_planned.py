"""The baselines that book when to run, by hand, in a world of whole hours."""

from __future__ import annotations

from tests.planner.worlds import HOUR, NOW, cluster
from tests.twin.baselines.play import hourly, job, play
from voltaire.twin.baselines import baseline
from voltaire.twin.baselines.batteries import idle
from voltaire.twin.baselines.planned import Gaia

GRID = hourly(9, 3, 8, 1, 7, 2, 9, 9, 9, 9, *[9] * 20)


def test_lets_wait_awhile_runs_interruptible_work_in_the_cheapest_hours() -> None:
    history = play(baseline("lets-wait-awhile"), [cluster("a", GRID)], [job("w", 3, due=8)], 10)
    assert history.ran("w") == [1, 3, 5]
    assert history.done["w"] == 6


def test_lets_wait_awhile_runs_what_may_not_be_stopped_in_the_window_of_lowest_mean() -> None:
    # Sums of three hours: 20, 12, 16, 10, 18, 20.
    history = play(baseline("lets-wait-awhile"), [cluster("a", GRID)], [job("w", 3, due=8, mode="Never")], 10)
    assert history.ran("w") == [3, 4, 5]


def test_lets_wait_awhile_uses_nothing_past_the_deadline() -> None:
    history = play(baseline("lets-wait-awhile"), [cluster("a", GRID)], [job("w", 3, due=4)], 10)
    assert history.ran("w") == [1, 2, 3]


def test_lets_wait_awhile_books_around_what_others_have_booked() -> None:
    work = [job("first", 1, due=8, accelerators=16), job("second", 1, due=8, accelerators=16)]
    history = play(baseline("lets-wait-awhile"), [cluster("a", GRID)], work, 10)
    assert history.ran("first") == [3]
    assert history.ran("second") == [5]


def test_a_window_is_booked_around_the_window_of_another() -> None:
    # Each takes the whole cluster: 10 for [3, 5], and of what is left 20 for [0, 2], not 27 for [6, 8].
    work = [job(uid, 3, due=14, accelerators=16, mode="Never") for uid in ("first", "second")]
    history = play(baseline("lets-wait-awhile"), [cluster("a", GRID)], work, 14)
    assert history.ran("first") == [3, 4, 5]
    assert history.ran("second") == [0, 1, 2]


def test_lets_wait_awhile_stays_at_home_though_another_cluster_is_clean() -> None:
    history = play(
        baseline("lets-wait-awhile"),
        [cluster("a", GRID), cluster("b", hourly(*[0] * 30))],
        [job("w", 1, due=8)],
        10,
    )
    assert history.hours["w"][3] == "a"


def test_a_restart_that_takes_its_share_is_booked_anew_and_the_deadline_holds() -> None:
    work = [job("w", 3, due=8, restore_seconds=1200.0)]
    history = play(baseline("lets-wait-awhile"), [cluster("a", GRID)], work, 10)
    assert history.done["w"] <= 8


def test_work_due_past_the_horizon_is_spread_over_it() -> None:
    # 4 h of work, due in 20 h, of which 10 are in view: two in the cheapest hours of those.
    grid = hourly(9, 3, 9, 1, 9, 9, 9, 9, 9, 9, *[9] * 30)
    history = play(baseline("lets-wait-awhile"), [cluster("a", grid)], [job("w", 4, due=20)], 30)
    assert history.ran("w")[:2] == [1, 3]
    assert history.done["w"] <= 20


def test_gaia_takes_the_lowest_window_of_the_mean_length_of_its_queue() -> None:
    # Lengths 3 h and 5 h, both of the long queue: a mean of 4 h. Sums of four hours: 21, 19, 18, 19, 27.
    early = job("early", 3, due=30, accelerators=1)
    late = job("late", 5, due=40, accelerators=1, mode="Never")
    history = play(baseline("gaia"), [cluster("a", GRID)], [early, late], 12)
    assert history.ran("early")[0] == history.ran("late")[0] == 2


def test_gaia_never_suspends() -> None:
    history = play(baseline("gaia"), [cluster("a", GRID)], [job("w", 3, due=20)], 12)
    assert history.ran("w") == [3, 4, 5]


def test_gaia_waits_no_longer_than_its_queue_allows() -> None:
    # One hour: the short queue, six hours. The cleanest hour comes after nine.
    grid = hourly(9, 8, 9, 9, 9, 9, 7, 9, 9, 1, *[9] * 20)
    history = play(baseline("gaia"), [cluster("a", grid)], [job("w", 1, due=20)], 12)
    assert history.ran("w") == [6]


def test_gaia_starts_in_time_for_its_deadline() -> None:
    history = play(baseline("gaia"), [cluster("a", GRID)], [job("w", 3, due=5)], 12)
    assert history.ran("w") == [1, 2, 3]


def test_gaias_other_rule_weighs_the_saving_by_the_time_to_completion() -> None:
    grid = hourly(10, 6, 9, 3, *[10] * 20)
    soon = Gaia("gaia", idle, carbon_time=True)
    assert play(soon, [cluster("a", grid)], [job("w", 1, due=10)], 12).ran("w") == [1]
    assert play(baseline("gaia"), [cluster("a", grid)], [job("w", 1, due=10)], 12).ran("w") == [3]


def test_carbonscaler_suspends_and_resumes_a_rigid_gang() -> None:
    history = play(baseline("carbonscaler"), [cluster("a", GRID)], [job("w", 3, due=8)], 10)
    assert history.ran("w") == [1, 3, 5]


def test_carbonscaler_starts_at_once_what_may_not_be_suspended() -> None:
    history = play(baseline("carbonscaler"), [cluster("a", GRID)], [job("w", 3, due=20, mode="Never")], 10)
    assert history.ran("w") == [0, 1, 2]


def test_work_that_arrives_later_is_booked_when_it_comes() -> None:
    late = job("w", 2, due=8, arrival=NOW + 2 * HOUR, earliest_start=NOW + 2 * HOUR)
    assert play(baseline("lets-wait-awhile"), [cluster("a", GRID)], [late], 10).ran("w") == [3, 5]


def test_work_without_a_deadline_waits_a_day_at_most() -> None:
    grid = hourly(*[5] * 26, 1, *[5] * 40)
    assert play(baseline("lets-wait-awhile"), [cluster("a", grid)], [job("w", 1)], 30).ran("w") == [0]
