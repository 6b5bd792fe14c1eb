{# Runbook, validation: keys that more than one row has. #}
with

final as (

    select
        game_date,
        player_lookup,
        team_abbr,
        count(*) as row_count
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }}
    group by game_date, player_lookup, team_abbr
    having count(*) > 1

)

select * from final -- noqa: CV13
order by game_date, player_lookup, team_abbr
