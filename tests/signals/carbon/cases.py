"""Every provider with a document that is right: what the tests bend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.signals.builders import NOW, prometheus_page
from tests.signals.carbon import documents as d
from tests.signals.carbon.harness import AVERAGE, DIRECT, KEY, MARGINAL, PRODUCTION, REF, STACKS


@dataclass(frozen=True)
class Case:
    """A source, the basis it gives, what each address answers, the address that matters, the value now."""

    source: dict[str, Any]
    basis: dict[str, str]
    answers: dict[str, Any]
    main: str
    value: float

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is sent to it and must never be seen in a message, in every spelling."""
        if "wattTime" in self.source:
            return KEY, quote(KEY, safe=""), "t0ken"
        return (KEY, quote(KEY, safe="")) if "Ref" in str(self.source) else ()


CASES = {
    "wattTime": Case(
        {"wattTime": {"usernameRef": REF, "passwordRef": REF, "region": "CAISO_NORTH"}},
        MARGINAL,
        {
            "/login": {"token": "t0ken"},
            "/forecast": d.watt_time([1000, 900]),
            "/historical": d.watt_time([800], NOW - d.HALF),
        },
        "/forecast",
        453.59237,
    ),
    "neso": Case({"neso": {}}, DIRECT, {"Z": d.national()}, "Z", 130),
    "neso region": Case(
        {"neso": {"regionId": 13}}, DIRECT, {"/regionid/13": d.regional()}, "/regionid/13", 90
    ),
    "rte": Case({"rte": {}}, STACKS, {"/records": d.eco2mix([44, 45])}, "/records", 44),
    "entsoe": Case(
        {"entsoe": {"tokenRef": REF, "area": d.AREA}}, PRODUCTION, {"/api": d.entsoe()}, "/api", 155.4
    ),
    "eia": Case(
        {"eia": {"apiKeyRef": REF, "respondent": "CISO"}}, PRODUCTION, {"/data/": d.eia()}, "/data/", 155.4
    ),
    "energyCharts": Case(
        {"energyCharts": {"country": "de"}}, PRODUCTION, {"/co2eq": d.energy_charts()}, "/co2eq", 330
    ),
    "openElectricity": Case(
        {"openElectricity": {"apiKeyRef": REF, "network": "NEM", "region": "NSW1"}},
        STACKS,
        {"/NEM": d.open_electricity()},
        "/NEM",
        450,
    ),
    "carbonAwareSdk": Case(
        {
            "carbonAwareSdk": {
                "url": "https://sdk.example.org",
                "location": "northeurope",
                "behind": "WattTime",
            }
        },
        MARGINAL,
        {"/bylocation": d.sdk_emissions([500, 510]), "/current": d.sdk_forecast([520, 530])},
        "/bylocation",
        520,
    ),
    "prometheus": Case(
        {"prometheus": {"url": "https://metrics.example.org", "query": "carbon"}},
        AVERAGE,
        {"/query": prometheus_page("123.5", NOW)},
        "/query",
        123.5,
    ),
}
