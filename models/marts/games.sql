with

player_games as (

    {{ rows_with_every_column('player_game_summary', in_any_partition('game_date')) }}

),

game_totals as (

    {{ game_totals('player_games') }}

),

final as (

    select
        game_date,
        game_id,
        season_year,
        season_phase,
        home_team_abbr,
        away_team_abbr,
        cast(home_points as int64) as home_points,
        cast(away_points as int64) as away_points,
        cast(nbac_home_points as int64) as nbac_home_points,
        cast(nbac_away_points as int64) as nbac_away_points,
        bdl_home_points,
        bdl_away_points,
        case
            when {{ team_minutes_gap('team_minutes') }} <= 5
                then cast({{ overtimes('team_minutes') }} as int64)
        end as overtimes,
        nbac_rows > 0 as has_nbac_gamebook,
        bdl_rows > 0 as has_bdl_boxscores,
        row_count,
        active_players,
        processed_at
    from game_totals

)

select * from final
