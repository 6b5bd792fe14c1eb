{#
    What did the sources say when the window was built? Kept, because the summary, the excluded rows
    and the tests all read it.
#}
{{
    config(
        materialized='table',
        alias=of_worker('int_player_rows_window'),
        hours_to_expiration=hours_of_worker()
    )
}}
select * from {{ ref('int_player_rows') }} -- noqa: AM04
