{# Dates of the window on which the summary has players whom the registry doesn't know, and who. #}
{%- set summary_rows = rows_if_built(
    'player_game_summary', in_window('game_date') ~ ' and universal_player_id is null'
) %}
with

unresolved as (

    {{ summary_rows }}

),

final as (

    select distinct
        game_date,
        player_lookup
    from unresolved

)

select * from final
