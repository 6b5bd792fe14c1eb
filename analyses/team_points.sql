{# Runbook, validation: points and minutes of each team in each game. #}
with

final as (

    select
        game_date,
        game_id,
        team_abbr,
        is_home,
        sum(points) as points,
        sum(minutes_played) as minutes_played,
        count(case when is_active then 1 end) as players,
        count(*) as row_count
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }}
    group by game_date, game_id, team_abbr, is_home

)

select * from final -- noqa: CV13
order by game_id, is_home
