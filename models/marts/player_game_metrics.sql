{#
    player_game_summary as the semantic layer reads it: with a filter on its partitions, without
    which BigQuery refuses to read it and which no metric's query has.
#}
with

player_game_summary as (

    select * from {{ ref('player_game_summary') }}
    where {{ in_any_partition('game_date') }}

),

final as (

    select
        game_date,
        game_id,
        season_year,
        season_phase,
        player_lookup,
        team_abbr,
        is_home,
        player_status,
        minutes_played,
        points,
        cast(fg_attempts + 0.44 * ft_attempts as numeric(18, 2)) as shooting_possessions
    from player_game_summary

)

select * from final
