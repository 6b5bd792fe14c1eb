{# Which game is which? Kept, because the links and the rows of the players both ask it. #}
{{ config(materialized='table') }}
{{ rows_with_builder(ref('int_games'), 'source_name') }}
