"""Time zones by the names that Java and Spark know.

Source of facts: ZoneId.of with its short ids, DateTimeUtils.getZoneId.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SHORT_ZONES = {
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka",
    "CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa", "ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis",
    "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "NET": "Asia/Yerevan",
    "NST": "Pacific/Auckland", "PLT": "Asia/Karachi", "PNT": "America/Phoenix", "PRT": "America/Puerto_Rico",
    "PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
    "EST": "-05:00", "MST": "-07:00", "HST": "-10:00",
}  # fmt: skip
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{1,2}))?(?::?(\d\d))?")
_MAX_OFFSET_SECONDS = 18 * 3600


@lru_cache(maxsize=4096)
def find_zone(text: str) -> dt.tzinfo | None:
    """The zone by Java's names (`ZoneId.of` with its short ids) and Spark's lenient offsets, or None."""
    text = _SHORT_ZONES.get(text, text)
    if text in {"Z", "UTC", "GMT", "UT"}:
        return dt.UTC
    match = _OFFSET.fullmatch(text)
    if match:
        sign, hours, minutes, seconds = match[1], int(match[2]), int(match[3] or 0), int(match[4] or 0)
        total = hours * 3600 + minutes * 60 + seconds
        if minutes > 59 or seconds > 59 or total > _MAX_OFFSET_SECONDS:  # noqa: PLR2004 - a clock's
            return None
        return dt.timezone(dt.timedelta(seconds=total if sign == "+" else -total))
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return None


def zone_of(text: str) -> dt.tzinfo:
    """The zone by Java's names. Raises ZoneInfoNotFoundError."""
    zone = find_zone(text)
    if zone is None:
        message = f"No time zone found with key {text}"
        raise ZoneInfoNotFoundError(message)
    return zone
