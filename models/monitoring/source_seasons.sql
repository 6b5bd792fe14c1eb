{#
    What does each source have of each season of the window, and what of it can't be used? Of the
    rows as they are after resolution, each under the game and the date that it belongs to.
#}
with

rows_of_window as (

    {{ player_rows() }}

),

player_rows as (

    select * from rows_of_window
    where {{ in_window('game_date') }} and coalesce(exclusion_reason, '') != 'exhibition_game'

),

season_dates as (

    select * from {{ ref('season_dates') }}

),

team_aliases as (

    select * from {{ ref('team_aliases') }}

),

measured as (

    select
        player_rows.*,
        -- balldontlie says '' and 0 of someone who did not play. Whoever has statistics played.
        case
            when player_rows.source_name = 'nbac_gamebook' then player_rows.player_status = 'active'
            else true
        end as is_judged,
        case
            when player_rows.player_status = 'active' then player_rows.minutes_played is null
            else
                player_rows.source_name = 'bdl_boxscores' and player_rows.minutes_text is null
        end as is_unreadable,
        id_teams.team_abbr = player_rows.home_team_abbr as is_id_turned_round
    from player_rows
    left join team_aliases as id_teams
        on {{ dbt.split_part('player_rows.source_game_id', "'_'", 2) }} = id_teams.team_alias

),

source_figures as (

    select
        source_name,
        season_year,
        count(*) as row_count,
        count(distinct game_id) as game_count,
        min(game_date) as first_date,
        max(game_date) as last_date,
        count(distinct game_date) as date_count,
        count(case when is_judged then 1 end) as judged_rows,
        count(case when is_judged and minutes_text is null then 1 end) as null_minutes,
        count(case when is_minutes_unparseable then 1 end) as unparseable_minutes,
        count(case when trim(minutes_text) in ('', '-') then 1 end) as empty_minutes,
        count(case when minutes_played = 0 then 1 end) as zero_minutes,
        count(case when is_judged and is_unreadable then 1 end) as unreadable_minutes,
        count(case when minutes_text is null then 1 end) as null_minutes_of_all,
        count(
            case
                when exclusion_reason in ('exact_duplicate', 'superseded', 'conflicting_duplicate')
                    then 1
            end
        ) as duplicate_rows,
        count(
            case when exclusion_reason in ('no_player_name', 'team_not_in_game') then 1 end
        ) as unusable_rows,
        count(case when universal_player_id is null then 1 end) as unregistered_rows,
        count(distinct case when is_id_turned_round then game_id end) as turned_round_games,
        max(source_processed_at) as source_processed_at
    from measured
    group by source_name, season_year

),

games as (

    select
        season_year,
        game_date,
        game_id,
        count(case when source_name = 'nbac_gamebook' then 1 end) > 0 as is_in_nbac,
        count(case when source_name = 'bdl_boxscores' then 1 end) > 0 as is_in_bdl
    from player_rows
    group by season_year, game_date, game_id

),

sources as (

    select 'nbac_gamebook' as source_name
    union all
    select 'bdl_boxscores' as source_name

),

source_games as (

    select
        sources.source_name,
        games.season_year,
        games.game_date,
        case
            when sources.source_name = 'nbac_gamebook' then games.is_in_nbac
            else games.is_in_bdl
        end as is_in_source,
        games.is_in_nbac != games.is_in_bdl as is_in_one_source,
        games.game_date <= {{ settled_until() }} as is_settled
    from sources
    cross join games

),

-- What a source lacks can only be seen by what the other one has.
missing_games as (

    select
        source_name,
        season_year,
        count(*) as game_count_of_both,
        max(game_date) as last_date_of_both,
        count(case when is_in_source and is_in_one_source then 1 end) as games_only_here,
        count(case when not is_in_source then 1 end) as games_only_elsewhere,
        count(case when not is_in_source and is_settled then 1 end) as missing_games,
        {{ first_and_last('game_date', 'not is_in_source and is_settled') }} as missing_game_dates
    from source_games
    group by source_name, season_year

),

source_dates as (

    select
        source_name,
        season_year,
        game_date,
        count(case when is_in_source then 1 end) > 0 as is_in_source,
        max(is_settled) as is_settled
    from source_games
    group by source_name, season_year, game_date

),

all_dates as (

    select
        sources.source_name,
        season_dates.season_year,
        season_dates.season_part,
        season_dates.game_date,
        season_dates.games_expected,
        season_dates.free_days,
        season_dates.is_first_or_last,
        coalesce(source_dates.is_in_source, false) as is_in_source,
        source_dates.game_date is not null as is_in_any_source,
        source_dates.game_date is null
        and season_dates.game_date <= {{ settled_until() }} as is_missing
    from sources
    cross join season_dates
    left join source_dates
        on
            sources.source_name = source_dates.source_name
            and season_dates.game_date = source_dates.game_date

),

parts as (

    select
        source_name,
        season_year,
        season_part,
        sum(games_expected) as games_expected,
        count(case when not is_in_source then 1 end) as dates_without_rows,
        greatest(
            coalesce(count(case when is_missing then 1 end) - max(free_days), 0),
            count(case when is_missing and is_first_or_last then 1 end)
        ) as dates_of_schedule,
        {{ first_and_last('game_date', 'not is_in_any_source') }} as without_rows
    from all_dates
    group by source_name, season_year, season_part

),

schedule as (

    select
        source_name,
        season_year,
        sum(games_expected) as games_expected,
        sum(dates_without_rows) as dates_without_rows,
        sum(dates_of_schedule) as dates_of_schedule,
        min(case when dates_of_schedule > 0 then without_rows end) as without_rows
    from parts
    group by source_name, season_year

),

dates_elsewhere as (

    select
        source_name,
        season_year,
        count(*) as dates_elsewhere,
        {{ first_and_last('game_date', 'true') }} as elsewhere
    from source_dates
    where not is_in_source and is_settled
    group by source_name, season_year

),

lags as (

    select
        source_dates.source_name,
        source_dates.season_year,
        count(*) as source_lag
    from source_dates
    left join source_figures using (source_name, season_year)
    where
        source_dates.is_settled
        and (
            source_figures.last_date is null or source_dates.game_date > source_figures.last_date
        )
    group by source_dates.source_name, source_dates.season_year

),

scopes as (

    select
        source_name,
        season_year
    from schedule
    union distinct
    select
        source_name,
        season_year
    from missing_games

),

final as (

    select
        scopes.source_name,
        scopes.season_year,
        coalesce(source_figures.row_count, 0) as row_count,
        coalesce(source_figures.game_count, 0) as game_count,
        source_figures.first_date,
        source_figures.last_date,
        coalesce(source_figures.date_count, 0) as date_count,
        schedule.dates_without_rows,
        coalesce(dates_elsewhere.dates_elsewhere, 0) + coalesce(schedule.dates_of_schedule, 0)
            as unexplained_dates,
        coalesce(dates_elsewhere.elsewhere, schedule.without_rows) as unexplained_between,
        -- A season that the schedule doesn't know is judged by the games that any source has.
        greatest(
            coalesce(schedule.games_expected, 0), coalesce(missing_games.game_count_of_both, 0)
        ) as games_expected,
        source_figures.judged_rows,
        source_figures.null_minutes,
        source_figures.unparseable_minutes,
        source_figures.empty_minutes,
        source_figures.zero_minutes,
        source_figures.unreadable_minutes,
        {{ percent_of('source_figures.unreadable_minutes', 'source_figures.judged_rows') }}
            as unreadable_minutes_pct,
        {{ percent_of('source_figures.null_minutes_of_all', 'source_figures.row_count') }}
            as null_minutes_pct_of_all,
        source_figures.duplicate_rows,
        source_figures.unusable_rows,
        source_figures.unregistered_rows,
        source_figures.turned_round_games,
        missing_games.games_only_here,
        missing_games.games_only_elsewhere,
        missing_games.missing_games,
        missing_games.missing_game_dates,
        coalesce(lags.source_lag, 0) as source_lag,
        source_figures.source_processed_at
    from scopes
    left join source_figures using (source_name, season_year)
    left join missing_games using (source_name, season_year)
    left join schedule using (source_name, season_year)
    left join dates_elsewhere using (source_name, season_year)
    left join lags using (source_name, season_year)

)

select * from final
