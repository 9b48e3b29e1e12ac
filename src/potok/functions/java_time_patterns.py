"""Java's DateTimeFormatter patterns, both ways, for the letters that data files use."""

from __future__ import annotations

import datetime as dt
import re

from potok.errors import unsupported
from potok.zone_names import zone_of

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MICROS = 1_000_000
_DAY_MICROS = 86_400 * _MICROS
_PARTS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']", re.ASCII)
_CYCLE_MICROS = 146_097 * _DAY_MICROS
_FIRST, _LAST = -719_000 * _DAY_MICROS, 2_932_000 * _DAY_MICROS
# 2000-01-01
_CYCLE_START = 10_957 * _DAY_MICROS
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local times
_SHORT = 3
_FULL = 4
_TWO = 2


class JavaTimePattern:
    """A compiled pattern. ValueError for a letter or a count that is not known.

    Only English names of months and days are known; another locale is a ValueError where the
    pattern holds names.
    """

    def __init__(self, pattern: str, locale: str = "en-US") -> None:
        self.pattern = pattern
        self._english = locale.lower().startswith("en")
        self._fields: list[tuple[str, int]] = []
        self._literals: list[str] = []
        self._regex = re.compile(self._compile(), re.ASCII | re.IGNORECASE)

    def _compile(self) -> str:
        out = []
        position = 0
        optional = 0
        for found in _PARTS.finditer(self.pattern):
            if found.start() != position:
                break
            position = found.end()
            text = found[0]
            if found[2]:
                out.append(self._letter(found[2], len(text)))
                continue
            if text == "[":
                optional += 1
                out.append("(?:")
            elif text == "]":
                optional -= 1
                out.append(")?")
            elif text in "{}#":
                raise ValueError(f"reserved character in the pattern {self.pattern!r}")
            else:
                literal = (found[1] or "'").replace("''", "'") if text.startswith("'") else text
                self._fields.append(("literal", 0))
                self._literals.append(literal)
                out.append(re.escape(literal))
        if position != len(self.pattern) or optional:
            raise ValueError(f"unknown pattern {self.pattern!r}")
        return "".join(out)

    def _letter(self, letter: str, count: int) -> str:
        self._fields.append((letter, count))
        group = f"(?P<{letter}{len(self._fields)}>"
        if letter in "yu":
            if count == _TWO:
                return group + r"\d{2})"
            # More digits than letters need a sign, once there are four letters.
            return group + (rf"\d{{{count},}})" if count < _FULL else rf"\d{{{count}}}|\+\d{{{count + 1},}})")
        if letter in "ML":
            return group + self._names(_MONTHS, count, letter)
        if letter == "E":
            return group + self._names(_DAYS, max(count, _SHORT), letter)
        if letter in "dHhkKms" and count <= _TWO:
            return group + (r"\d{2})" if count == _TWO else r"\d{1,2})")
        if letter == "D" and count <= _SHORT:
            return group + rf"\d{{{count},3}})"
        if letter == "S" and count <= 9:  # noqa: PLR2004 - nanoseconds
            return group + rf"\d{{1,{count}}})"
        if letter == "a" and count == 1:
            return group + "AM|PM)"
        if letter in "XxZ" and count <= 5:  # noqa: PLR2004 - Java's forms
            return group + self._offset(letter, count)
        if letter in "zvV":
            return group + r"[A-Za-z0-9_/+:\-]+)"
        if letter == "O" and count in {1, 4}:
            return group + r"GMT(?:[+-]\d{1,2}(?::\d{2}){0,2})?)"
        if letter in "Qq" and count <= _FULL:
            return group + (
                r"\d{1,2})"
                if count <= _TWO
                else r"Q[1-4])"
                if count == _SHORT
                else r"[1-4](?:st|nd|rd|th) quarter)"
            )
        if letter == "G" and count <= _FULL:
            return group + "AD|BC|Anno Domini|Before Christ)"
        if letter == "F" and count == 1:
            return group + r"\d)"
        raise ValueError(f"the letter {letter!r} {count} times in the pattern {self.pattern!r}")

    def _names(self, names: tuple[str, ...], count: int, letter: str) -> str:
        if count <= _TWO and letter in "ML":
            return r"\d{2})" if count == _TWO else r"\d{1,2})"
        if not self._english:
            raise ValueError(f"names in the pattern {self.pattern!r} are known in English only")
        if count > _FULL:
            raise ValueError(f"the letter {letter!r} {count} times in the pattern {self.pattern!r}")
        chosen = names if count == _FULL else tuple(name[:3] for name in names)
        return "|".join(chosen) + ")"

    @staticmethod
    def _offset(letter: str, count: int) -> str:
        zulu = "Z|" if letter == "X" else ""
        if letter == "Z":
            return r"[+-]\d{4})" if count <= _SHORT else r"(?:GMT)?(?:[+-]\d{1,2}:\d{2})?)"
        forms = {1: r"[+-]\d{2}(?:\d{2})?", 2: r"[+-]\d{4}", 3: r"[+-]\d{2}:\d{2}"}
        return zulu + forms.get(count, r"[+-]\d{2}:?\d{2}(?::?\d{2})?") + ")"

    # ---- reading ----

    def _read(self, text: str) -> dict[str, tuple[str, int]] | None:
        found = self._regex.fullmatch(text)
        if found is None:
            return None
        values = {}
        for name, value in found.groupdict().items():
            if value is not None:
                count = self._fields[int(name[1:]) - 1][1]
                values[name[0]] = (value, count)
        return values

    def local_micros(self, text: str) -> int | None:
        """Microseconds since 1970 of the local time; what the pattern leaves out is 1970-01-01 00:00."""
        values = self._read(text)
        return None if values is None else self._local(values)

    def date_days(self, text: str) -> int | None:
        """Days since 1970."""
        micros = self.local_micros(text)
        return None if micros is None else micros // _DAY_MICROS

    def timestamp_micros(self, text: str, time_zone: str) -> int | None:
        """Microseconds since 1970 UTC; `time_zone` where the text names none."""
        from potok.functions.text_values import local_to_instant

        values = self._read(text)
        local = None if values is None else self._local(values)
        if values is None or local is None:
            return None
        zone = next((values[letter][0] for letter in "XxZzVv" if letter in values), time_zone)
        return local_to_instant(local, zone or "Z")

    @staticmethod
    def _local(values: dict[str, tuple[str, int]]) -> int | None:
        def number(letters: str, default: int) -> int:
            return next((int(values[x][0]) for x in letters if x in values), default)

        year = number("yu", 1970)
        if any(values[x][1] == _TWO for x in "yu" if x in values):
            year += 2000
        month_text = next((values[x][0] for x in "ML" if x in values), "1")
        month = int(month_text) if month_text.isdigit() else _month(month_text)
        fraction = int(values["S"][0].ljust(6, "0")[:6]) if "S" in values else 0
        try:
            hour = _hour(values)
            moment = dt.datetime(year, month, number("d", 1), hour, number("m", 0), number("s", 0))  # noqa: DTZ001 - local
            if "D" in values:
                moment = moment.replace(month=1, day=1) + dt.timedelta(days=number("D", 1) - 1)
        except ValueError:
            return None
        if "E" in values and _DAYS[moment.weekday()][:3].lower() != values["E"][0][:3].lower():
            return None
        return (moment - _EPOCH) // dt.timedelta(microseconds=1) + fraction

    # ---- writing ----

    def format(self, micros: int, time_zone: str | None) -> str:
        """A moment (UTC microseconds, or local ones without a zone) as text."""
        # The calendar repeats every 400 years; Python's has the years 1 to 9999.
        cycles = (micros - _CYCLE_START) // _CYCLE_MICROS if not _FIRST <= micros < _LAST else 0
        moment = _EPOCH + dt.timedelta(microseconds=micros - cycles * _CYCLE_MICROS)
        offset_s = 0
        zone = ""
        if time_zone is not None:
            aware = moment.replace(tzinfo=dt.UTC).astimezone(zone_of(time_zone))
            offset_s = int((aware.utcoffset() or dt.timedelta()).total_seconds())
            moment, zone = aware.replace(tzinfo=None), aware.tzname() or ""
        literals = iter(self._literals)
        year = moment.year + cycles * 400
        return "".join(
            next(literals)
            if letter == "literal"
            else _write_year(letter, year, count)
            if letter in "yu"
            else _write(letter, count, moment, offset_s, (zone, time_zone or ""))
            for letter, count in self._fields
        )


def _month(text: str) -> int:
    return next(i for i, name in enumerate(_MONTHS, 1) if name[:3].lower() == text[:3].lower())


def _hour(values: dict[str, tuple[str, int]]) -> int:
    read = {letter: int(values[letter][0]) for letter in "HhkK" if letter in values}
    afternoon = values.get("a", ("AM", 1))[0].upper() == "PM"
    if "H" in read:
        return read["H"]
    if "k" in read:
        return read["k"] % 24
    hour = read.get("h", read.get("K"))
    if ("h" in read and not 1 <= read["h"] <= 12) or read.get("K", 0) > 11:  # noqa: PLR2004 - the clock
        raise ValueError(hour)
    return 0 if hour is None else hour % 12 + (12 if afternoon else 0)


def _write_year(letter: str, year: int, count: int) -> str:
    if count == _TWO:
        return f"{year % 100:02d}"
    if letter == "u" and year < 0:
        return "-" + str(-year).rjust(count, "0")
    plus = "+" if count >= _FULL and year >= 10**count else ""
    # Java's `y` counts the years of an era: 0 is 1 BC.
    return plus + str(year if year > 0 or letter == "u" else 1 - year).rjust(count, "0")


def _write(letter: str, count: int, moment: dt.datetime, offset_s: int, zones: tuple[str, str]) -> str:
    if letter in "ML" and count > _TWO:
        name = _MONTHS[moment.month - 1]
        return name if count == _FULL else name[:3]
    if letter == "E":
        name = _DAYS[moment.weekday()]
        return name if count == _FULL else name[:3]
    if letter == "S":
        return f"{moment.microsecond:06d}000"[:count]
    if letter == "a":
        return "PM" if moment.hour >= 12 else "AM"  # noqa: PLR2004 - noon
    if letter in "XxZ":
        return _write_offset(letter, count, offset_s)
    if letter == "O":
        return _write_gmt(count, offset_s)
    if letter in "Qq":
        return _write_quarter(count, (moment.month + 2) // 3)
    if letter == "G":
        return "Anno Domini" if count == _FULL else "AD"
    if letter in "zv" and count == _FULL:
        if zones[1] not in _ZONE_NAMES:
            raise unsupported(
                f"The full name of the time zone {zones[1]} (zzzz)", "Write z for the short name."
            )
        return _ZONE_NAMES[zones[1]]
    if letter in "zv":
        return zones[0]
    if letter == "V":
        return zones[1]
    numbers = {
        "M": moment.month, "L": moment.month, "d": moment.day, "H": moment.hour, "m": moment.minute,
        "s": moment.second, "h": moment.hour % 12 or 12, "K": moment.hour % 12, "k": moment.hour or 24,
        "D": moment.timetuple().tm_yday, "F": (moment.day - 1) % 7 + 1,
    }  # fmt: skip
    return str(numbers[letter]).rjust(count, "0")


_ZONE_NAMES = dict.fromkeys(("UTC", "Etc/UTC", "Z"), "Coordinated Universal Time")


def _write_gmt(count: int, offset_s: int) -> str:
    if offset_s == 0:
        return "GMT"
    hours, minutes = divmod(abs(offset_s) // 60, 60)
    sign = "-" if offset_s < 0 else "+"
    if count == _FULL:
        return f"GMT{sign}{hours:02d}:{minutes:02d}"
    return f"GMT{sign}{hours}" + (f":{minutes:02d}" if minutes else "")


def _write_quarter(count: int, quarter: int) -> str:
    if count <= _TWO:
        return str(quarter).rjust(count, "0")
    return f"Q{quarter}" if count == _SHORT else f"{quarter}{('st', 'nd', 'rd', 'th')[quarter - 1]} quarter"


def _write_offset(letter: str, count: int, offset_s: int) -> str:
    if letter == "X" and offset_s == 0:
        return "Z"
    sign = "-" if offset_s < 0 else "+"
    hours, minutes = divmod(abs(offset_s) // 60, 60)
    seconds = abs(offset_s) % 60
    if letter == "Z":
        if count == _FULL:
            return "GMT" if offset_s == 0 else f"GMT{sign}{hours:02d}:{minutes:02d}"
        if count > _FULL:
            return "Z" if offset_s == 0 else f"{sign}{hours:02d}:{minutes:02d}"
        return f"{sign}{hours:02d}{minutes:02d}"
    if count == 1:
        return f"{sign}{hours:02d}" + (f"{minutes:02d}" if minutes else "")
    colon = "" if count in {2, 4} else ":"
    # Java's three-letter form leaves seconds out, but Spark's recorded output has them.
    return f"{sign}{hours:02d}{colon}{minutes:02d}" + (
        f"{colon}{seconds:02d}" if seconds and count > _TWO else ""
    )
