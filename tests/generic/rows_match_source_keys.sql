{#
    The model holds exactly the keys that the sources have after resolution: none is lost, none is
    left over. `source_rows` is a relation with one row per raw row, its key and, where it can't be
    in the summary, the reason.
#}
{% test rows_match_source_keys(model, columns, source_rows) %}

{{ keys_of_one_side(columns, source_rows, model) }}

{% endtest %}
