{# May the summary of the window be trained on? The checks come in the order of cause and effect. #}
{{ config(materialized='ephemeral') }}
{%- set key = ['game_date', 'player_lookup', 'team_abbr'] %}
{%- set checks_of_range = [
    {
        'metric': 'empty_range',
        'figure': 'case when row_count = 0 and lost_keys > 0 then 1 else 0 end',
    },
    {'metric': 'lost_minutes', 'figure': 'lost_minutes', 'example': 'lost_between'},
    {
        'metric': 'null_minutes_share',
        'figure': percent_of('null_minutes', 'row_count'),
        'example': "cast(null_minutes as string) || ' of ' || cast(row_count as string)",
    },
] %}
{%- set checks_of_season = [
    {
        'metric': 'null_minutes_share',
        'figure': percent_of('null_minutes', 'row_count'),
        'example': "cast(null_minutes as string) || ' of ' || cast(row_count as string)",
    },
] %}
{%- set more_checks_of_range = [
    {'metric': 'duplicate_keys', 'figure': 'duplicate_keys', 'example': 'duplicates_between'},
    {'metric': 'dates_without_rows', 'figure': 'dates_without_rows', 'example': 'without_rows'},
    {
        'metric': 'source_key_differences',
        'figure': 'lost_keys + left_over_keys',
        'example': "cast(lost_keys as string) || ' lost, ' || cast(left_over_keys as string) || ' left over'"
            ~ " || coalesce(', ' || differences_between, '')",
    },
    {
        'metric': 'row_count_deviation',
        'figure': percent_of('abs(compared_rows - baseline_rows)', 'baseline_rows'),
        'example': "cast(compared_rows as string) || ' rows, ' || cast(baseline_rows as string) || ' before'",
    },
    {'metric': 'long_minutes', 'figure': 'long_minutes', 'example': 'long_minutes_between'},
    {
        'metric': 'implausible_team_points',
        'figure': 'implausible_teams',
        'example': 'implausible_between',
    },
    {
        'metric': 'games_in_one_source',
        'figure': percent_of('games_in_one_source', 'game_count'),
        'example': "cast(games_in_one_source as string) || ' games, ' || in_one_source_between",
    },
    {
        'metric': 'unregistered_players',
        'figure': percent_of('unregistered_rows', 'row_count'),
        'example': "cast(unregistered_rows as string) || ' rows'",
    },
] %}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

player_rows as (

    select * from {{ ref('int_player_rows') }}
    where {{ in_window('game_date') }}

),

thresholds as (

    {{ thresholds() }}

),

season_dates as (

    select * from {{ ref('season_dates') }}

),

ledger as (

    {{ rows_if_built('backfill_ledger', in_window('game_date')) }}

),

baselines as (

    {{ rows_if_built('backfill_baselines', in_window('game_date')) }}

),

player_games as (

    select
        *,
        sum(minutes_played) over (partition by game_id, team_abbr) / 5 as game_minutes,
        count(*) over (partition by {{ key | join(', ') }}) as rows_of_key
    from summary

),

flagged as (

    select
        *,
        is_active and minutes_played is null as is_lost,
        minutes_played > {{ threshold('long_minutes', 'min_value') }}
        and (
            minutes_played > game_minutes + 1
            or minutes_played > {{ threshold('long_minutes', 'max_value') }}
        ) as is_long
    from player_games

),

row_figures as (

    select
        count(*) as row_count,
        count(*) - count(minutes_played) as null_minutes,
        count(case when is_lost then 1 end) as lost_minutes,
        {{ first_and_last('game_date', 'is_lost') }} as lost_between,
        count(case when rows_of_key > 1 then 1 end) as duplicate_keys,
        {{ first_and_last('game_date', 'rows_of_key > 1') }} as duplicates_between,
        count(case when is_long then 1 end) as long_minutes,
        {{ first_and_last('game_date', 'is_long') }} as long_minutes_between,
        count(case when universal_player_id is null then 1 end) as unregistered_rows
    from flagged

),

team_points as (

    select
        game_id,
        team_abbr,
        sum(points) < {{ threshold('implausible_team_points', 'min_value') }}
        or sum(points) > {{ threshold('implausible_team_points', 'max_value') }} as is_implausible
    from summary
    group by game_id, team_abbr

),

team_figures as (

    select
        count(case when is_implausible then 1 end) as implausible_teams,
        {{ first_and_last('game_id', 'is_implausible') }} as implausible_between
    from team_points

),

games as (

    select
        game_id,
        max(game_date) <= {{ settled_until() }}
        and (
            count(case when has_nbac_gamebook then 1 end) = 0
            or count(case when has_bdl_boxscores then 1 end) = 0
        ) as is_in_one_source
    from summary
    group by game_id

),

game_figures as (

    select
        count(*) as game_count,
        count(case when is_in_one_source then 1 end) as games_in_one_source,
        {{ first_and_last('game_id', 'is_in_one_source') }} as in_one_source_between
    from games

),

key_differences as (

    {{ keys_of_one_side(key, 'player_rows', 'summary') }}

),

key_figures as (

    select
        count(case when finding = 'lost' then 1 end) as lost_keys,
        count(case when finding = 'left over' then 1 end) as left_over_keys,
        {{ first_and_last('game_date', 'true') }} as differences_between
    from key_differences

),

dates_of_summary as (

    select
        game_date,
        max(season_year) as season_year,
        count(*) as row_count
    from summary
    group by game_date

),

dates_of_sources as (

    select game_date
    from player_rows
    where exclusion_reason is null
    group by game_date

),

unwritten_dates as (

    select
        count(*) as date_count,
        {{ first_and_last('dates_of_sources.game_date', 'true') }} as between_dates
    from dates_of_sources
    left join dates_of_summary on dates_of_sources.game_date = dates_of_summary.game_date
    where dates_of_summary.game_date is null

),

-- Dates that no source has show only in that the schedule has fewer free ones.
free_dates as (

    select
        season_dates.season_year,
        season_dates.season_part,
        greatest(count(*) - max(season_dates.free_days), 0) as date_count,
        {{ first_and_last('season_dates.game_date', 'true') }} as between_dates
    from season_dates
    left join dates_of_summary on season_dates.game_date = dates_of_summary.game_date
    left join dates_of_sources on season_dates.game_date = dates_of_sources.game_date
    where
        dates_of_summary.game_date is null
        and dates_of_sources.game_date is null
        and season_dates.free_days is not null
        and season_dates.game_date <= {{ settled_until() }}
    group by season_dates.season_year, season_dates.season_part

),

unexplained_dates as (

    select
        coalesce(sum(date_count), 0) as date_count,
        min(case when date_count > 0 then between_dates end) as between_dates
    from free_dates

),

-- What the run that last wrote a date had found there, or what is expected of the whole window.
baseline_figures as (

    {% if var('baseline_rows') is none %}
        select
            sum(dates_of_summary.row_count) as compared_rows,
            sum(baselines.row_count) as baseline_rows
        from dates_of_summary
        inner join ledger on dates_of_summary.game_date = ledger.game_date
        inner join baselines
            on ledger.game_date = baselines.game_date and ledger.run_id = baselines.run_id
    {% else %}
        select
            count(*) as compared_rows,
            {{ var('baseline_rows') | int }} as baseline_rows
        from summary
    {% endif %}

),

range_figures as (

    select
        'all' as scope,
        row_figures.*,
        team_figures.implausible_teams,
        team_figures.implausible_between,
        game_figures.game_count,
        game_figures.games_in_one_source,
        game_figures.in_one_source_between,
        key_figures.lost_keys,
        key_figures.left_over_keys,
        key_figures.differences_between,
        unwritten_dates.date_count + unexplained_dates.date_count as dates_without_rows,
        coalesce(unwritten_dates.between_dates, unexplained_dates.between_dates) as without_rows,
        baseline_figures.compared_rows,
        baseline_figures.baseline_rows
    from row_figures
    cross join team_figures
    cross join game_figures
    cross join key_figures
    cross join unwritten_dates
    cross join unexplained_dates
    cross join baseline_figures

),

season_figures as (

    select
        cast(season_year as string) as scope,
        count(*) as row_count,
        count(*) - count(minutes_played) as null_minutes
    from summary
    group by season_year

),

final as (

    {{ judged('range_figures', checks_of_range) }}
    union all
    {{ judged('season_figures', checks_of_season, 4) }}
    union all
    {{ judged('range_figures', more_checks_of_range, 5) }}

)

select * from final
