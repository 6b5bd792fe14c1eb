{# When the two teams that the var teams names met in the seasons of the window. #}
with

team_aliases as (

    select * from {{ ref('team_aliases') }}
    where team_alias in ({{ quoted_teams() }})

),

final as (

    select distinct
        summary.game_date,
        summary.game_id
    from {{ ref('player_game_summary') }} as summary
    inner join team_aliases as teams on summary.team_abbr = teams.team_abbr
    inner join team_aliases as opponents on summary.opponent_team_abbr = opponents.team_abbr
    where {{ in_seasons_of_window('summary.game_date') }}

)

select * from final
order by game_date -- noqa: CV13
