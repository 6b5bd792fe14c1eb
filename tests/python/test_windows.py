"""Which dates a run takes, and in which windows."""

from datetime import date, timedelta

import pytest

from nba_backfill.errors import ArgumentError
from nba_backfill.windows import Window, parse_window, today


def test_three_seasons_are_135_windows_of_seven_days() -> None:
    windows = list(parse_window("2021-10-01", "2024-05-01").split(7))
    assert len(windows) == 135
    assert windows[0] == Window(date(2021, 10, 1), date(2021, 10, 7))
    assert windows[-1] == Window(date(2024, 4, 26), date(2024, 5, 1))


@pytest.mark.parametrize("days", [1, 3, 7, 100, 400])
def test_windows_cover_every_date_once(days: int) -> None:
    whole = Window(date(2022, 1, 1), date(2022, 12, 31))
    covered = [part.start + timedelta(days=n) for part in whole.split(days) for n in range(part.days)]
    assert covered == [whole.start + timedelta(days=n) for n in range(365)]


def test_one_day_is_a_window() -> None:
    assert parse_window("2022-01-10", "2022-01-10").days == 1


@pytest.mark.parametrize(
    "text",
    [
        "2022-13-01",
        "2022-02-30",
        "20220110",
        "2022-W02-1",
        "2022-1-1",
        "01/10/2022",
        "",
        "2022-01-10' or 1=1 --",
        "٢٠٢٢-01-10",
    ],
)
def test_what_is_no_date_is_refused_with_what_to_pass(text: str) -> None:
    with pytest.raises(ArgumentError, match="is not a date. Pass it as YYYY-MM-DD"):
        parse_window(text, "2022-01-16")


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ArgumentError, match="--end-date 2022-01-10 is before --start-date 2022-01-16"):
        parse_window("2022-01-16", "2022-01-10")


def test_a_window_that_ends_in_the_future_is_refused() -> None:
    tomorrow = today() + timedelta(days=1)
    with pytest.raises(ArgumentError, match="is in the future"):
        parse_window("2022-01-16", str(tomorrow))
