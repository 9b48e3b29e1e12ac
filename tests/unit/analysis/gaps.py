"""Recorded answers that we do not give yet, and why."""

from __future__ import annotations

GAPS = {
    "SELECT 2 > 1.1": "Spark compares an integer with the floor of a decimal constant and names the column so",
    "SELECT hex(lpad(unhex('aabb'), 5))": "the default filling of binary values is X'00'",
    "SELECT hex(rpad(unhex('aabb'), 5))": "the default filling of binary values is X'00'",
    "SELECT try_make_timestamp(2014, 12, 28, 6, 30, 45.887, 'CET')": "Spark leaves the zone out of the name",
    "select interval 1 day + interval 1 month": "Spark rewrites the addition before it refuses it",
    "select mask(nope => 'x')": "Spark's order of proposals for parameters",
}
