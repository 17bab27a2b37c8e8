"""What a shop's YAML names: the columns that must be there, and the patterns that must be readable."""

import duckdb

from purchase.files import ParamsError
from purchase.intake.sources import text
from purchase.shops import TIME_FORMATS


def needed_columns(table, source, *, yaml):
    """Return each column of the file that the YAML names, with the first key that names it."""
    named = [(column, f"columns.{name}") for name, column in source.columns.items()]
    named += [(extra.column, f"extra.{name}.column") for name, extra in source.extra.items()]
    named += [(rule.column, f"{key}.column") for key, rule in _rules(source)]
    needed = {}
    for column, key in named:
        needed.setdefault(column, f"tables.{table}.{key} in {yaml}")
    return needed


def check_patterns(connection, shop, *, yaml):
    """Raise ParamsError if DuckDB cannot read a regular expression or a time pattern of the YAML."""
    for table, source in shop.tables.items():
        queries = [(f"{key}.matches", rule.matches, "SELECT regexp_matches('', {})") for key, rule in _rules(source)]
        queries += [("time", how, "SELECT try_strptime('', {})") for how in source.time if how not in TIME_FORMATS]
        for key, pattern, query in queries:
            try:
                connection.execute(query.format(text(pattern)))
            except duckdb.Error as error:
                message = str(error).splitlines()[0]
                raise ParamsError(f"{yaml}: tables.{table}.{key}={pattern!r} cannot be used: {message}") from None


def _rules(source):
    rules = [("returns_when", source.returns_when), ("test_when", source.test_when)]
    rules += [(f"reject_when.{place}", rule) for place, rule in enumerate(source.reject_when)]
    return [(key, rule) for key, rule in rules if rule is not None]
