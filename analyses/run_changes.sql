{#
    What changed in the summary's window since the run of the var kept_run kept it: rows added, removed, and changed in
    any column that row_hash covers. Without the var every row is new.
#}
{{ changes_of_run(var('kept_run')) }}
