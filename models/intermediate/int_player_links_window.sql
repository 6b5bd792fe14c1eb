{# Which names are one player's? Kept, because the players' rows and the marts both ask it. #}
{{ config(materialized='table') }}
{{ rows_with_builder(ref('int_player_links'), 'source_name') }}
