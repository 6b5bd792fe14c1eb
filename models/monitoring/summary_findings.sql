{#
    Which rules does the summary of the window break, as it stands there now? What the gate has found
    stands in gate_findings: here is asked what somebody has changed since.
#}
with

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

player_rows as (

    {{ player_rows() }}

),

findings as (

    {{ findings('summary', 'player_rows') }}

),

final as (

    select
        game_date,
        rule,
        severity,
        {{ finding_said() }} as said
    from findings

)

select * from final
