with

source as (

    select * from {{ source('nba_reference', 'nba_players_registry') }}

),

renamed as (

    select
        ---------- ids
        universal_player_id,

        ---------- strings
        {{ player_lookup('player_lookup') }} as player_lookup,
        player_name as player_full_name,
        upper(trim(team_abbr)) as team_abbr,
        season,

        ---------- numerics
        cast({{ dbt.split_part('season', "'-'", 1) }} as int64) as season_year,
        games_played,

        ---------- dates and timestamps
        first_game_date,
        last_game_date

    from source

)

select * from renamed
