{# Are the sources fit for a backfill of the window? #}
{%- set checks = [
    {
        'metric': 'missing_source_rows',
        'figure': 'case when is_judged then round(greatest(100 - 100.0 * row_count / rows_expected, 0), 2) end',
        'example': "concat(cast(row_count as string), ' rows of about ', rows_expected_text)",
    },
    {
        'metric': 'source_lag',
        'figure': 'source_lag',
        'example': "coalesce('last date ' || cast(last_date as string), 'no date')",
    },
    {
        'metric': 'missing_games',
        'figure': percent_of('missing_games', 'game_count + missing_games'),
        'sample': 'game_count + missing_games',
        'example': "cast(missing_games as string) || ' games, ' || missing_game_dates",
    },
    {
        'metric': 'dates_without_source_rows',
        'figure': 'unexplained_dates',
        'example': 'unexplained_between',
    },
    {
        'metric': 'unreadable_source_minutes',
        'figure': 'unreadable_minutes_pct',
        'example': "cast(unreadable_minutes as string) || ' of ' || cast(judged_rows as string)",
    },
    {
        'metric': 'duplicate_source_rows',
        'figure': percent_of('duplicate_rows', 'row_count'),
        'example': "cast(duplicate_rows as string) || ' rows'",
    },
    {
        'metric': 'turned_round_games',
        'figure': percent_of('turned_round_games', 'game_count'),
        'example': "cast(turned_round_games as string) || ' games'",
    },
    {
        'metric': 'unusable_source_rows',
        'figure': percent_of('unusable_rows', 'row_count'),
        'example': "cast(unusable_rows as string) || ' rows'",
    },
    {
        'metric': 'unregistered_players',
        'figure': percent_of('unregistered_rows', 'row_count'),
        'example': "cast(unregistered_rows as string) || ' rows'",
    },
] %}
with

thresholds as (

    {{ thresholds() }}

),

source_seasons as (

    select * from {{ ref('source_seasons') }}

),

figures as (

    select
        *,
        concat(source_name, ' ', cast(season_year as string)) as scope,
        games_expected * {{ threshold('rows_per_game', 'min_value') }} as rows_expected,
        cast(
            cast(
                round(games_expected * {{ threshold('rows_per_game', 'min_value') }}) as int64
            ) as string
        ) as rows_expected_text,
        games_expected >= {{ threshold('scheduled_games', 'min_value') }} as is_judged
    from source_seasons

),

final as (

    {{ judged('figures', checks) }}

)

select * from final
