"""What operators share that call a user's Python functions with state: values, groups, frames."""
