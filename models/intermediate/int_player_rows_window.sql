{#
    What did the sources say when the window was built? Kept, because the summary, the excluded rows
    and the gate all read it. nba-backfill builds it once for all windows of a run.
#}
{{
    config(
        materialized='table',
        partition_by={
            'field': 'game_date', 'data_type': 'date', 'granularity': 'month'
        } if target.type == 'bigquery' else none
    )
}}
with

this_build as (

    {{ this_build() }}

),

player_rows as (

    select * from {{ ref('int_player_rows') }}

),

final as (

    select
        this_build.*,
        player_rows.source_name is not null as is_a_row,
        player_rows.*
    from this_build
    left join player_rows on true

)

select * from final -- noqa: AM04
