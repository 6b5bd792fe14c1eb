{#
    Every raw row of the window's games is merged into the summary or stands among the excluded
    rows, and so does every raw row without a date: nothing is lost. Dates that are held back have
    findings instead. It waits for the plan, so that it keeps nothing from being built.
#}
-- depends_on: {{ ref('backfill_plan') }}
{%- set undated = "date '9999-12-31'" %}
with

raw_games as (

    select
        'nbac_gamebook' as source_name,
        source_game_date,
        coalesce(home_team_abbr, '') as source_home_team_abbr,
        coalesce(away_team_abbr, '') as source_away_team_abbr,
        count(*) as raw_rows
    from {{ ref('stg_nbac__gamebook_player_stats') }}
    where {{ in_window('source_game_date') }} or {{ is_no_game_date('source_game_date') }}
    group by 1, 2, 3, 4

    union all

    select
        'bdl_boxscores' as source_name,
        source_game_date,
        coalesce(home_team_abbr, '') as source_home_team_abbr,
        coalesce(away_team_abbr, '') as source_away_team_abbr,
        count(*) as raw_rows
    from {{ ref('stg_bdl__player_boxscores') }}
    where
        {{ in_seasons_of_window('source_game_date') }}
        or {{ is_no_game_date('source_game_date') }}
    group by 1, 2, 3, 4

),

games as (

    {{ written_down('int_games') }}

),

raw_dates as (

    select
        raw_games.source_name,
        coalesce(
            games.game_date,
            case
                when not {{ is_no_game_date('raw_games.source_game_date') }}
                    then raw_games.source_game_date
            end,
            {{ undated }}
        ) as game_date,
        sum(raw_games.raw_rows) as raw_rows
    from raw_games
    left join games
        on
            raw_games.source_name = games.source_name
            and raw_games.source_game_date = games.source_game_date
            and raw_games.source_home_team_abbr = coalesce(games.source_home_team_abbr, '')
            and raw_games.source_away_team_abbr = coalesce(games.source_away_team_abbr, '')
    group by 1, 2

),

kept as (

    select
        'nbac_gamebook' as source_name,
        game_date
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }} and has_nbac_gamebook

    union all

    select
        'bdl_boxscores' as source_name,
        game_date
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }} and has_bdl_boxscores

    union all

    select
        source_name,
        coalesce(game_date, {{ undated }}) as game_date
    from {{ ref('excluded_box_score_rows') }}
    where {{ in_window('game_date') }} or game_date is null

),

kept_dates as (

    select
        source_name,
        game_date,
        count(*) as kept_rows
    from kept
    group by 1, 2

),

final as (

    select
        coalesce(raw_dates.source_name, kept_dates.source_name) as source_name,
        coalesce(raw_dates.game_date, kept_dates.game_date) as game_date,
        coalesce(raw_dates.raw_rows, 0) as raw_rows,
        coalesce(kept_dates.kept_rows, 0) as kept_rows
    from raw_dates
    full outer join kept_dates
        on
            raw_dates.source_name = kept_dates.source_name
            and raw_dates.game_date = kept_dates.game_date
    where
        (
            {{ in_window('coalesce(raw_dates.game_date, kept_dates.game_date)') }}
            or coalesce(raw_dates.game_date, kept_dates.game_date) = {{ undated }}
        )
        and coalesce(raw_dates.raw_rows, 0) != coalesce(kept_dates.kept_rows, 0)
        and coalesce(raw_dates.game_date, kept_dates.game_date) not in (
            {{ held_back_dates() }}
        )

)

select * from final
