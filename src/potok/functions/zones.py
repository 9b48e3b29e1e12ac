"""Time zones: between instants and local times, in SQL and in kernels.

Java's rules: a local time that happens twice is the earlier instant, one that is skipped moves
forward by the gap. DuckDB takes the later instant, so a kernel converts in that direction.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from potok.engine.kernel import Kernel
from potok.functions.sql_text import let
from potok.types import STRING, TIMESTAMP, TIMESTAMP_NTZ
from potok.zone_names import find_zone

_IS_UTC = "current_setting('TimeZone') IN ('UTC', 'Etc/UTC', 'GMT', 'Z')"

_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local times carry no zone
_LOWEST_MICROS = -62_135_596_800_000_000
_HIGHEST_MICROS = 253_402_300_799_999_999


def local_to_instant(micros: int, zone: dt.tzinfo) -> int:
    """Microseconds since the epoch of a local time, itself given as microseconds."""
    if zone is dt.UTC:
        return micros
    reach = min(max(micros, _LOWEST_MICROS), _HIGHEST_MICROS)
    moment = _EPOCH + reach * _MICROSECOND
    offset = moment.replace(tzinfo=zone).utcoffset() or dt.timedelta()
    return micros - offset // _MICROSECOND


def instant_to_local(micros: int, zone: dt.tzinfo) -> int:
    """The local time of an instant, both in microseconds."""
    if zone is dt.UTC:
        return micros
    day = 86_400_000_000
    reach = min(max(micros, _LOWEST_MICROS + day), _HIGHEST_MICROS - day)
    moment = dt.datetime.fromtimestamp(0, dt.UTC) + reach * _MICROSECOND
    offset = moment.astimezone(zone).utcoffset() or dt.timedelta()
    return micros + offset // _MICROSECOND


def instants(local_times: pa.Array, zone_name: str) -> pa.Array:
    """TIMESTAMP_NTZ to TIMESTAMP. The zone must exist."""
    zone = find_zone(zone_name)
    if zone is dt.UTC or local_times.null_count == len(local_times):
        return local_times.cast(pa.timestamp("us", tz="UTC"))
    if isinstance(zone, ZoneInfo):
        try:
            zoned = pc.assume_timezone(local_times, zone.key, ambiguous="earliest")
            return zoned.cast(pa.timestamp("us", tz="UTC"))
        except pa.ArrowInvalid:
            pass  # a skipped time: one by one
    assert zone is not None, zone_name  # noqa: S101 - the session's zone was checked when it was set
    values = [v if v is None else local_to_instant(v, zone) for v in local_times.cast(pa.int64()).to_pylist()]
    return pa.array(values, pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def locals_of(moments: pa.Array, zone_name: str) -> pa.Array:
    """TIMESTAMP to TIMESTAMP_NTZ. The zone must exist."""
    zone = find_zone(zone_name)
    if zone is dt.UTC:
        return moments.cast(pa.timestamp("us"))
    if isinstance(zone, ZoneInfo):
        return pc.local_timestamp(moments.cast(pa.timestamp("us", tz=zone.key)))
    assert zone is not None, zone_name  # noqa: S101 - see instants
    offset = (zone.utcoffset(None) or dt.timedelta()) // _MICROSECOND
    shifted = pc.add(moments.cast(pa.int64()), pa.scalar(offset, pa.int64()))
    return shifted.cast(pa.timestamp("us"))


def only_text(array: pa.Array) -> str:
    """The value of an argument that is the same on every row, such as the session's zone."""
    return str(array[0].as_py()) if len(array) else "UTC"


def _to_instant(local_times: pa.Array, zone: pa.Array) -> pa.Array:
    return instants(local_times, only_text(zone))


TO_INSTANT = Kernel("potok_instant", (TIMESTAMP_NTZ, STRING), TIMESTAMP, _to_instant)


def is_utc() -> str:
    """SQL: whether the session's zone is UTC; a constant to the planner."""
    return _IS_UTC


def local(timestamp: str) -> str:
    """SQL: the local time of a TIMESTAMP in the session's zone."""
    return let(
        timestamp,
        lambda v: f"CASE WHEN {_IS_UTC} THEN make_timestamp(epoch_us({v})) ELSE CAST({v} AS TIMESTAMP) END",
    )


def instant(local_time: str) -> str:
    """SQL: the TIMESTAMP of a local time in the session's zone. Needs the kernel TO_INSTANT."""
    return let(
        local_time,
        lambda v: (
            f"CASE WHEN {_IS_UTC} THEN make_timestamptz(epoch_us({v}))"
            f" ELSE potok_instant({v}, current_setting('TimeZone')) END"
        ),
    )


def days_from_civil(year: int, month: int, day: int) -> int | None:
    """Days since 1970-01-01 of a proleptic Gregorian date, None where there is no such day."""
    lengths = (31, 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28, 31, 30, 31, 30,
               31, 31, 30, 31, 30, 31)  # fmt: skip
    if not 1 <= month <= 12 or not 1 <= day <= lengths[month - 1]:  # noqa: PLR2004 - months of a year
        return None
    moved = year - (month <= 2)  # noqa: PLR2004 - the year begins in March here
    era, year_of_era = divmod(moved, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day since 1970-01-01."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9  # noqa: PLR2004 - see days_from_civil
    year = year_of_era + era * 400 + (month <= 2)  # noqa: PLR2004 - see days_from_civil
    return year, month, day_of_year - (153 * shifted + 2) // 5 + 1
