"""What the texts of BigQuery's errors mean, as its client and dbt hand them on: wait, or tell the user what to do."""

import pytest
import yaml

from nba_backfill.bigquery.faults import fault_in, with_advice
from nba_backfill.warehouse.project import as_yaml

JOBS = "POST https://bigquery.googleapis.com/bigquery/v2/projects/p/jobs?prettyPrint=false"
RESULT = "GET https://bigquery.googleapis.com/bigquery/v2/projects/p/queries/4711?maxResults=0"
PATCH = "PATCH https://bigquery.googleapis.com/bigquery/v2/projects/p/datasets/nba_analytics/tables/backfill_ledger"
TABLE = "GET https://bigquery.googleapis.com/bigquery/v2/projects/p/datasets/nba_analytics/tables/player_game_summary"


@pytest.mark.parametrize(
    "message",
    [
        f"403 {JOBS}: Exceeded rate limits: too many api requests per user per method for this user_method.",
        f"403 {JOBS}: Quota exceeded: Your project exceeded quota for concurrent queries.",
        f"403 {RESULT}: Quota exceeded: Your table exceeded quota for imports or query appends per table.",
        f"400 {JOBS}: Could not serialize access to table p:d.t due to concurrent update",
        f"400 {RESULT}: Resources exceeded during query execution: Too many DML statements outstanding against table "
        "p:d.t, limit is 20.",
        f"400 {RESULT}: The DML statement has been queued for too long. Please retry it later.",
        f"404 {RESULT}: Not found: Job p:US.4711",
        f"412 {PATCH}: Precondition check failed.",
        f"500 {JOBS}: An internal error occurred and the request could not be completed.",
        f"503 {JOBS}: Error encountered during execution. Retrying may solve the problem.",
        f"503 {TABLE}: Visibility check was unavailable. Please retry the request.",
        f"502 {RESULT}: Bad Gateway",
        f"504 {RESULT}: Gateway Timeout",
        "400 The job encountered an error during execution. Retrying the job may solve the problem.",
        "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
        "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
        "HTTPSConnectionPool(host='bigquery.googleapis.com', port=443): Max retries exceeded with url: /bigquery/v2",
        "Failed to resolve 'bigquery.googleapis.com' ([Errno -3] Temporary failure in name resolution)",
        "Operation did not complete within the designated timeout of 600 seconds: timed out",
        "Timeout of 600.0s exceeded, last exception: 503 Deadline Exceeded",
    ],
)
def test_time_may_mend_it(message: str) -> None:
    fault = fault_in(message)
    assert fault is not None
    assert fault.is_transient
    assert "https://status.cloud.google.com" in with_advice(message)


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        (f"401 {JOBS}: Request had invalid authentication credentials.", "gcloud auth application-default login"),
        ("Your default credentials were not found.", "gcloud auth application-default login"),
        ("('invalid_grant: Bad Request', {'error': 'invalid_grant'})", "gcloud auth application-default login"),
        ("Reauthentication is needed.", "gcloud auth application-default login"),
        (
            f"403 {JOBS}: Access Denied: Project p: User does not have bigquery.jobs.create permission in project p.",
            "roles/bigquery.jobUser",
        ),
        (
            f"403 {TABLE}: Access Denied: Table p:nba_analytics.player_game_summary: Permission denied",
            "roles/bigquery.dataEditor",
        ),
        (
            f"403 {JOBS}: Quota exceeded: Your project exceeded quota for free query bytes scanned.",
            "link a billing account",
        ),
        (
            f"403 {JOBS}: Billing has not been enabled for this project. Enable billing at "
            "https://console.cloud.google.com/billing. DML queries are not allowed in the free tier.",
            "link a billing account",
        ),
        (
            f"403 {JOBS}: Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerDay, which is "
            "set by your administrator.",
            "from midnight in California",
        ),
        (f"404 {JOBS}: Not found: Dataset p:nba_raw was not found in location US", "NBA_BIGQUERY_LOCATION"),
        (f"404 {JOBS}: Not found: Table p:nba_raw.bdl_player_boxscores was not found in location US", "raw_schema"),
        (
            "400 Query exceeded limit for bytes billed: 10485760. 20971520 or higher required.",
            "NBA_BIGQUERY_MAXIMUM_BYTES_BILLED",
        ),
        (
            "400 UPDATE or DELETE statement over table p.nba_analytics.player_game_summary would affect rows in the "
            "streaming buffer, which is not supported",
            "Let their writer use load jobs",
        ),
    ],
)
def test_the_user_is_told_what_to_do(message: str, advice: str) -> None:
    fault = fault_in(message)
    assert fault is not None
    assert not fault.is_transient
    assert advice in with_advice(message)


@pytest.mark.parametrize(
    "message",
    [
        f"400 {JOBS}: Syntax error: Unexpected keyword MERGE at [1:1]",
        f"400 {JOBS}: Unrecognized name: pionts at [7:12]",
        "400 Division by zero: 1 / 0",
    ],
)
def test_the_error_says_all_there_is_to_say(message: str) -> None:
    assert fault_in(message) is None
    assert with_advice(message) == message


def test_a_text_of_any_characters_comes_back_from_the_yaml_that_dbt_reads() -> None:
    texts = [f"a{chr(code)}b" for code in (*range(0xD800), *range(0xE000, 0x10000), 0x1F3C0)]
    assert yaml.safe_load(as_yaml({"details": texts})) == {"details": texts}
    assert yaml.safe_load(as_yaml({"details": "a\udc80b"})) == {"details": "a?b"}
