{# Runbook, sample week: the first ten who did not play. Their minutes are NULL, as they should be. #}
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

select * from final
order by game_date, team_abbr, player_full_name -- noqa: CV13
limit 10
