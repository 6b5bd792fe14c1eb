{#
    No date of the window is held back: every one was published that last was tried. It waits for the plan, which is the
    last to be made, so that it keeps nothing from being built.
#}
-- depends_on: {{ ref('backfill_plan') }}
with

errors as (

    select * from {{ ref('gate_findings') }}
    where {{ in_window('game_date') }} and severity = 'error'

),

final as (

    select
        game_date,
        rule,
        count(*) as findings,
        min(game_id) as example_game_id,
        min(example) as example,
        min(sentence) as sentence
    from errors
    group by game_date, rule

)

select * from final
