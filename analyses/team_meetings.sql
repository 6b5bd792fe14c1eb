{# When the two teams that the var teams names met in the seasons of the window. #}
with

team_aliases as (

    select * from {{ ref('team_aliases') }}
    where team_alias in ({{ quoted_teams() }})

),

final as (

    select distinct
        player_games.game_date,
        player_games.game_id
    from {{ ref('player_game_summary') }} as player_games
    inner join team_aliases as teams on player_games.team_abbr = teams.team_abbr
    inner join team_aliases as opponents on player_games.opponent_team_abbr = opponents.team_abbr
    where {{ in_seasons_of_window('player_games.game_date') }}

)

select * from final -- noqa: CV13
order by game_date
