{# Runbook, sample week: the twenty players with most minutes. Starters play 30 to 42. #}
with

final as (

    select
        game_date,
        player_full_name,
        team_abbr,
        opponent_team_abbr,
        minutes_played,
        points,
        primary_source_used
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }} and minutes_played is not null

)

select * from final -- noqa: CV13
order by minutes_played desc, game_date asc, player_full_name asc
limit 20
