{# How many rows has each date of the window in the summary, and how many of them no minutes? #}
{{ config(materialized='ephemeral') }}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

final as (

    select
        game_date,
        max(season_year) as season_year,
        count(*) as row_count,
        count(distinct game_id) as game_count,
        count(*) - count(minutes_played) as null_minutes,
        count(case when is_active and minutes_played is null then 1 end) as lost_minutes,
        -- By name, so that whoever reads several dates can count the players.
        string_agg(
            distinct case when universal_player_id is null then player_lookup end, ' '
        ) as unresolved_players,
        max(processed_at) as processed_at
    from summary
    group by game_date

)

select * from final
