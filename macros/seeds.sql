{#
    On BigQuery a seed that is there is replaced by its load job, in one step. dbt-bigquery would drop it first, and a run
    at work would not find it in the gap.
#}
{% macro bigquery__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {% if agate_table.rows | length == 0 %}
        {{ return(dbt_bigquery.bigquery__reset_csv_table(model, full_refresh, old_relation, agate_table)) }}
    {% endif %}
{% endmacro %}
