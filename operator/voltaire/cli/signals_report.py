"""How `voltaire signals check` tells what it found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from voltaire.signals.carbon.shapes import words
from voltaire.signals.check import BatteryCheck, Report, SourceCheck, ZoneCheck, age


def as_dict(report: Report) -> dict[str, Any]:
    """For programs; times in RFC 3339, null where unknown."""
    return {
        "version": 1,
        "at": _time(report.at),
        "zones": [_zone(zone, report.at) for zone in report.zones],
        "batteries": [_battery(battery) for battery in report.batteries],
        "unknown": report.unknown,
    }


def _zone(zone: ZoneCheck, now: datetime) -> dict[str, Any]:
    return {
        "name": zone.name,
        "zone": zone.zone,
        "basis": zone.basis.to_wire(),
        "known": zone.known,
        "differs": zone.differs or None,
        "sources": [
            {
                "name": source.name,
                "gramsPerKWh": source.grams_per_kwh,
                "observedAt": _time(source.observed_at),
                "ageSeconds": None if (old := age(source.observed_at, now)) is None else old.total_seconds(),
                "estimated": source.estimated,
                "forecastUntil": _time(source.reach),
                "historyValues": source.history,
                "refused": source.refused,
                "error": source.error or None,
                "message": source.message,
                "seconds": round(source.seconds, 3),
            }
            for source in zone.sources
        ],
    }


def _battery(battery: BatteryCheck) -> dict[str, Any]:
    return {
        "name": battery.name,
        "known": battery.known,
        "soc": battery.soc,
        "powerKW": battery.power_kw,
        "solarKW": battery.solar_kw,
        "observedAt": _time(battery.observed_at),
        "error": battery.error or None,
        "message": battery.message,
        "seconds": round(battery.seconds, 3),
    }


def show(report: Report, console: Console) -> None:
    """For people: what is known in tables, what is wrong in sentences."""
    if report.zones:
        console.print(_zones(report))
    if report.batteries:
        console.print(_batteries(report))
    for zone in report.zones:
        for source in zone.sources:
            _say(console, f"{zone.name} {source.name}", source.error, source.message)
        if zone.differs:
            _say(console, zone.name, "MixedBasis", zone.differs)
    for battery in report.batteries:
        _say(console, battery.name, battery.error, battery.message)
    for name in report.unknown:
        _say(console, name, "Unknown", "the operator would know nothing of it")
    if not report.unknown:
        console.print("everything is known")


def _say(console: Console, where: str, error: str, message: str) -> None:
    if error or message:
        named = f"[red]{escape(error)}[/]: " if error else ""
        console.print(f"{escape(where)}: {named}{escape(message)}", soft_wrap=True)


def _zones(report: Report) -> Table:
    table = Table("zone", "basis", "source", "g/kWh", "age", "forecast", "", box=None)
    for zone in report.zones:
        for source in zone.sources:
            table.add_row(
                escape(f"{zone.name} ({zone.zone})"),
                words(zone.basis).replace("-based", ""),
                escape(source.name),
                _value(source),
                _span(age(source.observed_at, report.at)),
                _span(None if source.reach is None else source.reach - report.at),
                _verdict(source.error, source.refused),
            )
    return table


def _batteries(report: Report) -> Table:
    table = Table("battery", "charge", "power", "solar", "age", "", box=None)
    for battery in report.batteries:
        table.add_row(
            escape(battery.name),
            "-" if battery.soc is None else f"{battery.soc:.0%}",
            "-" if battery.power_kw is None else f"{battery.power_kw:+.1f} kW",
            "-" if battery.solar_kw is None else f"{battery.solar_kw:.1f} kW",
            _span(age(battery.observed_at, report.at)),
            _verdict(battery.error, 0),
        )
    return table


def _verdict(error: str, refused: int) -> str:
    return f"[red]{escape(error)}[/]" if error else f"[yellow]{refused} refused[/]" if refused else "good"


def _value(source: SourceCheck) -> str:
    if source.grams_per_kwh is None:
        return "-"
    return f"{source.grams_per_kwh:.1f}{' (estimate)' if source.estimated else ''}"


def _span(span: timedelta | None) -> str:
    """Minutes and hours."""
    if span is None:
        return "-"
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} min" if abs(minutes) < 120 else f"{minutes / 60:.0f} h"


def _time(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z") if value else None
