{# What the summary holds of each date, from a select of its rows: rows, games, rows without minutes, unknown names. #}
{% macro daily_figures(summary_rows) -%}
    select
        game_date,
        max(season_year) as season_year,
        count(*) as row_count,
        count(distinct game_id) as game_count,
        count(*) - count(minutes_played) as null_minutes,
        count(case when is_active and minutes_played is null then 1 end) as lost_minutes,
        -- By name, so that whoever reads several dates can count the players.
        string_agg(
            distinct case when universal_player_id is null then player_lookup end, ' '
        ) as unresolved_players,
        max(processed_at) as processed_at
    from ({{ summary_rows }}) as summary_rows
    group by game_date
{%- endmacro %}
