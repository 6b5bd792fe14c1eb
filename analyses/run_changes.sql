{#
    What changed in the summary's window since the run of the var kept_run kept it: rows added, removed, and changed in
    any column that row_hash covers. Without the var every row is new.
#}
{%- set kept = kept_copy('player_game_summary', var('kept_run')) if var('kept_run') %}
with

summary_rows as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

kept as (

    select
        game_date,
        player_lookup,
        team_abbr,
        row_hash
    from {{ kept or 'summary_rows' }}
    where {{ in_window('game_date') }}{{ ' and false' if not kept }}

),

summary as (

    select
        game_date,
        player_lookup,
        team_abbr,
        row_hash
    from summary_rows

),

final as (

    select
        count(case when kept.row_hash is null then 1 end) as rows_added,
        count(case when summary.row_hash is null then 1 end) as rows_removed,
        count(case when kept.row_hash != summary.row_hash then 1 end) as rows_changed
    from kept
    full outer join summary
        on
            kept.game_date = summary.game_date
            and kept.player_lookup = summary.player_lookup
            and kept.team_abbr = summary.team_abbr

)

select * from final
