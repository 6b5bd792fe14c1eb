{#
    Who might be meant by a name of the window that the registry doesn't know: registered players of
    the same team and season, with what their box scores have in common with the name's where they
    have anything.
#}
{%- set likely_links = rows_if_built('player_links', 'not is_linked') %}
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

likely_links as (

    {{ likely_links }}

),

final as (

    select
        unregistered.player_lookup,
        unregistered.team_abbr,
        unregistered.season_year,
        unregistered.row_count,
        unregistered.last_seen,
        registry.player_lookup as registered_lookup,
        likely_links.games_together,
        likely_links.equal_lines,
        likely_links.contradictions,
        likely_links.example_game_id
    from unregistered
    left join {{ ref('stg_nba_reference__players_registry') }} as registry
        on
            unregistered.team_abbr = registry.team_abbr
            and unregistered.season_year = registry.season_year
    left join likely_links
        on
            unregistered.player_lookup = likely_links.source_player_lookup
            and unregistered.team_abbr = likely_links.team_abbr
            and unregistered.season_year = likely_links.season_year
            and registry.player_lookup = likely_links.player_lookup

)

select * from final -- noqa: CV13
order by player_lookup, registered_lookup
