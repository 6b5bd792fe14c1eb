with

unresolved as (

    select * from {{ ref('player_game_summary') }}
    where {{ in_any_partition('game_date') }} and universal_player_id is null

),

by_source as (

    select
        'nbac_gamebook' as source_name,
        player_lookup,
        player_full_name,
        game_date,
        game_id,
        team_abbr
    from unresolved
    where has_nbac_gamebook

    union all

    select
        'bdl_boxscores' as source_name,
        player_lookup,
        player_full_name,
        game_date,
        game_id,
        team_abbr
    from unresolved
    where has_bdl_boxscores

),

final as (

    select
        player_lookup,
        source_name,
        max(player_full_name) as player_full_name,
        count(*) as occurrences,
        min(game_date) as first_seen,
        max(game_date) as last_seen,
        string_agg(distinct team_abbr, ', ' order by team_abbr) as teams,
        min(game_id) as example_game_id
    from by_source
    group by 1, 2

)

select * from final
