{#
    Who might be meant by a name of the window that the registry doesn't know: registered players of
    the same team and season.
#}
with

unregistered as (

    select
        player_lookup,
        team_abbr,
        season_year,
        count(*) as row_count,
        max(game_date) as last_seen
    from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }} and universal_player_id is null
    group by player_lookup, team_abbr, season_year

),

final as (

    select
        unregistered.player_lookup,
        unregistered.team_abbr,
        unregistered.season_year,
        unregistered.row_count,
        unregistered.last_seen,
        registry.player_lookup as registered_lookup
    from unregistered
    left join {{ ref('stg_nba_reference__players_registry') }} as registry
        on
            unregistered.team_abbr = registry.team_abbr
            and unregistered.season_year = registry.season_year

)

select * from final -- noqa: CV13
order by player_lookup, registered_lookup
