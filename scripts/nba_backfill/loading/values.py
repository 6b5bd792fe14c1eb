"""What a value of a file may look like, in every format, and the SQL that reads it.

- Whole numbers may carry a fraction of zeros (`12.0`): a column with gaps often becomes floating point on its way here.
- NaN in a floating-point column, or bare in JSON, is NULL for the same reason. Infinity is an error.
- Text columns take text, and numbers as their digits. Nothing else: a time 12:47:00 was the minutes `12:47` once.
- Booleans are true, false, 1 or 0. Dates are ISO dates, or ISO timestamps at midnight.
- Timestamps are ISO timestamps of whole microseconds. Those with a time zone become UTC, those without are UTC.
- An empty text is NULL, except in a text column. In CSV `""` is an empty text, nothing at all is NULL.
"""

from __future__ import annotations

import re

from nba_backfill.loading.tables import TYPES

_NUMERIC_TYPE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\)")
# What a value's text looks like, in the regular expressions of DuckDB.
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_WHOLE_NUMBER = r"^([+-]?\d+)(\.0*)?$"
_ZONE = r" ?(Z|UTC|[+-]\d\d(:?\d\d)?)"
_DATE = r"\d{4}-\d\d-\d\d([ T]00:00(:00(\.0*)?)?( ?(Z|UTC|[+-]00(:?00)?))?)?"
_TIMESTAMP = rf"\d{{4}}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{{1,6}}0*)?)?({_ZONE})?)?"


def present_value(value: str, source: str, target: str) -> str:
    """Return SQL for the value, NULL where it only stands for none."""
    if source in ("FLOAT", "DOUBLE"):
        return f"nullif({value}, 'NaN')"
    if source == "JSON":
        nothing = "'null', 'NaN'" if target == "string" else "'null', 'NaN', '\"\"'"
        return f"case when {value}::varchar not in ({nothing}) then {value} end"
    return f"nullif({value}, '')" if source == "VARCHAR" and target != "string" else value


def converted_value(value: str, source: str, target: str) -> str:
    """Return SQL for the value in the target's type, NULL where that would change what it says.

    A value of another type goes by way of its text, so that all formats obey one set of rules. DuckDB's own casts are
    too kind: they round 12.5 to a whole number, drop times and time zones, and take `1_000` for a number.
    """
    if target == "string":
        return _converted_to_text(value, source)
    if source == TYPES[target][0]:
        return f"case when isfinite({value}) then {value} end" if target == "double" else value

    if source == "JSON":
        text = f"trim({value} ->> '$')"
    elif source == "TIMESTAMP WITH TIME ZONE":
        # Not its text, which is in the time zone of the session.
        text = f"make_timestamp(epoch_us({value}))::varchar"
    else:
        text = f"trim({value}::varchar)"

    if target == "bigint":
        return f"try_cast(regexp_extract({text}, '{_WHOLE_NUMBER}', 1) as bigint)"
    if target == "double":
        number = f"try_cast({text} as double)"
        return f"case when regexp_full_match({text}, '{_NUMBER}') and isfinite({number}) then {number} end"
    if target == "boolean":
        return f"case when lower({text}) in ('true', 'false', '1', '0') then {text}::boolean end"
    if target == "date":
        return f"case when regexp_full_match({text}, '{_DATE}') then try_cast(left({text}, 10) as date) end"
    # A cast to timestamp ignores the zone, a cast to timestamptz puts the session's zone where there is none.
    return (
        f"case when not regexp_full_match({text}, '{_TIMESTAMP}') then null "
        f"when regexp_matches({text}, ':.*{_ZONE}$') then make_timestamp(epoch_us(try_cast({text} as timestamptz))) "
        f"else try_cast({text} as timestamp) end"
    )


def _converted_to_text(value: str, source: str) -> str:
    if source == "VARCHAR":
        return value
    text = f"({value} ->> '$')" if source == "JSON" else f"{value}::varchar"
    digits = f"case when regexp_full_match({text}, '{_NUMBER}') then regexp_replace({text}, '\\.0+$', '') end"
    if source == "JSON":
        return f"case when json_type({value}) = 'VARCHAR' then {text} else {digits} end"
    return digits if _NUMERIC_TYPE.fullmatch(source) else "null::varchar"


def shown_value(value: str, source: str) -> str:
    short = value if len(value) <= 60 else value[:60] + "…"
    if source == "VARCHAR":
        return repr(short)
    return short if source == "JSON" else f"{short} ({source})"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
