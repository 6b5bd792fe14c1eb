{#
    What did the sources say when the window was built? Kept, because the summary, the excluded rows
    and the tests all read it.
#}
{{ config(materialized='table') }}
select * from {{ ref('int_player_rows') }} -- noqa: AM04
