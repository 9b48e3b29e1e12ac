"""Expressions and logical plans: immutable values, before and after analysis."""
