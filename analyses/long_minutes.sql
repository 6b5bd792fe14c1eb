{# Runbook, validation: players with more minutes than the seed's long_minutes begin with. #}
with

thresholds as (

    {{ thresholds() }}

),

final as (

    select
        game_date,
        game_id,
        player_full_name,
        team_abbr,
        minutes_played,
        primary_source_used
    from {{ ref('player_game_summary') }}
    where
        {{ in_window('game_date') }}
        and minutes_played > {{ threshold('long_minutes', 'min_value') }}

)

select * from final -- noqa: CV13
order by minutes_played desc, game_date asc
