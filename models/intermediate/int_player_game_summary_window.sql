{#
    Which rows will the window hold? On a table of their own, so that the gate sees them before they
    are published.
#}
{{
    config(
        materialized='table',
        alias=of_worker('int_player_game_summary_window'),
        hours_to_expiration=hours_of_worker()
    )
}}
with

this_build as (

    {{ this_build() }}

),

player_games as (

    select * from {{ ref('int_player_games') }}

),

with_team_totals as (

    select
        *,
        sum(minutes_played) over team_game as team_minutes,
        sum({{ shooting_possessions() }} + 100 * turnovers) over team_game as team_possessions,
        count(case when is_active then 1 end) over team_game
        - count(minutes_played + fg_attempts + ft_attempts + turnovers) over team_game
            as incomplete_rows
    from player_games
    window team_game as (partition by game_id, team_abbr)

),

measured as (

    select
        *,
        {{ ratio('50 * points', shooting_possessions()) }} as ts_pct,
        {{ ratio('2 * fg_makes + three_pt_makes', '2 * fg_attempts') }} as efg_pct,
        case
            when incomplete_rows = 0 and {{ team_minutes_gap('team_minutes') }} <= 5
                then {{ ratio(
                    '(' ~ shooting_possessions() ~ ' + 100 * turnovers)'
                    ~ ' * cast(round(team_minutes * 100) as int64)',
                    '5 * team_possessions * cast(round(minutes_played * 100) as int64)'
                ) }}
        end as usage_rate
    from with_team_totals

),

final as (

    select
        this_build.*,
        measured.game_id is not null as is_a_row,
        measured.*
    from this_build
    left join measured on true

)

select * from final -- noqa: AM04
