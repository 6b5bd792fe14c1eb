"""What BigQuery's errors mean: worth another try, or something that the user must do first.

They are told by their text, because dbt hands on nothing else of an error.
"""

import re
from dataclasses import dataclass

LOG_IN = (
    "Log in with `gcloud auth application-default login`, or name a key file: NBA_BIGQUERY_METHOD=service-account and "
    "NBA_BIGQUERY_KEYFILE."
)


@dataclass(frozen=True)
class Fault:
    """A class of errors: how their text is known, what the user can do, and whether time alone may mend them."""

    pattern: str
    advice: str
    is_transient: bool = False

    def is_in(self, message: str) -> bool:
        return re.search(self.pattern, message, re.IGNORECASE | re.VERBOSE) is not None


# The first that fits counts.
FAULTS = (
    Fault(
        r"limit\ for\ bytes\ billed",
        "Raise NBA_BIGQUERY_MAXIMUM_BYTES_BILLED, or take fewer days with --batch-days.",
    ),
    Fault(
        r"streaming\ buffer",
        "Rows that are still in the streaming buffer, for up to 90 minutes, can't be replaced. Let their writer use "
        "load jobs, and run the same command again when that time is over.",
    ),
    Fault(
        r"""
        \b401\b | invalid\ (authentication\ )?credentials | access\ token | reauthenticat | invalid_grant
        | default\ credentials | authenticate\ with\ supplied
        """,
        LOG_IN,
    ),
    Fault(
        r"free\ (query|tier|usage) | billing\ has\ not\ been\ enabled",
        "The project has no billing, which changing rows and more than Google's free bytes a month need: link a "
        "billing account, as docs/bigquery.md says.",
    ),
    Fault(
        r"custom\ quota | QueryUsagePer",
        "Your administrator's ceiling for a day is used up. It is counted anew from midnight in California; the same "
        "command goes on then. Or have the quota QueryUsagePerDay raised.",
    ),
    Fault(
        r"""
        rate\ ?limit | quota\ ?exceeded | exceeded\ (\w+\ )*quota
        | could\ not\ serialize\ access | concurrent\ update
        | too\ many\ DML\ statements\ outstanding | DML\ statement\ .*queued | not\ found:\ job
        | \b412\b | precondition\ check\ failed
        | \b50[0234]\ (GET|POST|PUT|PATCH|DELETE)\b | internal\ error | backend\ ?error | may\ solve\ the\ problem
        | connection\ (aborted|reset|refused|broken|error) | remote\ end\ closed | broken\ pipe | incomplete\ ?read
        | max\ retries\ exceeded | failed\ to\ establish | name\ resolution | timed?\ ?out\b | deadline\ exceeded
        """,
        "Look at the network and at https://status.cloud.google.com, then run the same command again.",
        is_transient=True,
    ),
    Fault(
        r"access\ denied | permission | \b403\b",
        "Ask for roles/bigquery.jobUser on the project, roles/bigquery.dataViewer on the raw datasets and "
        "roles/bigquery.dataEditor on the analytics dataset.",
    ),
    Fault(
        r"not\ found:\ (dataset|table|project) | \b404\b",
        "Make it, or say where it is: NBA_BIGQUERY_PROJECT, NBA_BIGQUERY_LOCATION, and the vars raw_database, "
        "raw_schema, reference_database and reference_schema.",
    ),
)


def fault_in(message: str) -> Fault | None:
    """The class of a warehouse's error, None where the error says all there is to say, as a syntax error does."""
    return next((fault for fault in FAULTS if fault.is_in(message)), None)


def with_advice(message: str) -> str:
    """The error, and what the user can do about it."""
    fault = fault_in(message)
    return f"{message} {fault.advice}" if fault else message
