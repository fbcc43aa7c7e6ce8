"""What the operator shows of itself, and what it must not show."""

from __future__ import annotations

import base64
import json

import pytest
import yaml

from tests.integration.operator.polling import until
from tests.integration.operator.samples import SYSTEM, job, workload
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]


async def test_its_pages_answer(world: World) -> None:
    work = await world.apply(workload("train", job()))
    await world.running(work, cluster="paris")
    assert await world.operator.get("livez") == (200, "ok")
    assert await world.operator.get("readyz") == (200, "ok")
    code, text = await world.operator.get("metrics")
    assert code == 200
    for shown in (
        'voltaire_grid_intensity_grams_per_kwh{signal="average",zone="FR"} 50.0',
        'voltaire_cluster_reachable{cluster="paris"} 1.0',
        'voltaire_actions_total{cluster="paris",result="done",verb="Create"}',
        "voltaire_leading 1.0",
    ):
        assert shown in text


async def test_its_log_is_json_and_holds_no_secret(world: World) -> None:
    work = await world.apply(workload("train", job()))
    await world.running(work, cluster="paris")
    secrets = [str(user["user"]["token"]) for user in world.account["users"]]
    for name in world.members:
        body = await world.admin.get(f"/api/v1/namespaces/{SYSTEM}/secrets/{name}-kubeconfig")
        encoded = body["data"]["kubeconfig"]
        secrets.append(encoded[:200])
        secrets += [str(user["user"]["token"]) for user in _kubeconfig(encoded)["users"]]
    text = world.operator.log.read_text()
    lines = text.splitlines()
    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)
    for secret in secrets:
        assert secret not in text
        assert secret.rpartition(".")[2] not in text  # the signature alone would do harm as well


def _kubeconfig(encoded: str) -> dict[str, list[dict[str, dict[str, str]]]]:
    found: dict[str, list[dict[str, dict[str, str]]]] = yaml.safe_load(base64.b64decode(encoded))
    return found


async def test_the_operator_counts_what_it_decides(world: World) -> None:
    before = await _moves(world)
    work = await world.apply(workload("train", job()))
    await world.running(work, cluster="paris")
    await world.carbon(paris=900.0, virginia=30.0)
    await world.running(work, cluster="virginia")
    await until(lambda: work.status.receipts, "there is a receipt")
    assert await _moves(world) == before + 1


async def _moves(world: World) -> float:
    _, text = await world.operator.get("metrics")
    (line,) = [line for line in text.splitlines() if line.startswith("voltaire_migrations_total")]
    return float(line.split()[1])
