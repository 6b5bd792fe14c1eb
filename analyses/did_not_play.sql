{# Runbook, sample week: the first ten who did not play. Their minutes are NULL. #}
with

final as (

    select
        game_date,
        player_full_name,
        team_abbr,
        minutes_played,
        player_status,
        dnp_reason,
        primary_source_used
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }} and player_status = 'dnp'

)

select * from final -- noqa: CV13
order by game_date, team_abbr, player_full_name
limit 10
