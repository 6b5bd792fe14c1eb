{#
    SQL that the engines spell differently. The default is BigQuery's spelling.
#}

{# True where the text matches the regular expression as a whole. #}
{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches', 'nba_analytics')(text, pattern)) }}{% endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_contains({{ text }}, r'^(?:{{ pattern }})$')
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# The text without any match of the regular expression. #}
{% macro without(text, pattern) %}{{ return(adapter.dispatch('without', 'nba_analytics')(text, pattern)) }}{% endmacro %}

{% macro default__without(text, pattern) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '')
{%- endmacro %}

{% macro duckdb__without(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{%- endmacro %}

{# The text with accented letters replaced by their base letters. #}
{% macro without_accents(text) %}{{ return(adapter.dispatch('without_accents', 'nba_analytics')(text)) }}{% endmacro %}

{% macro default__without_accents(text) -%}
    regexp_replace(normalize({{ text }}, NFD), r'\p{M}', '')
{%- endmacro %}

{% macro duckdb__without_accents(text) -%}
    strip_accents({{ text }})
{%- endmacro %}

{# MD5 of a string, as 32 hexadecimal digits. #}
{% macro md5_hex(text) %}{{ return(adapter.dispatch('md5_hex', 'nba_analytics')(text)) }}{% endmacro %}

{% macro default__md5_hex(text) -%}
    to_hex(md5({{ text }}))
{%- endmacro %}

{% macro duckdb__md5_hex(text) -%}
    md5({{ text }})
{%- endmacro %}

{# Count and sum of the hashes of whole rows, which only what the same engine says at another moment is compared with. #}
{% macro fingerprint_of_rows(rows) %}{{ return(adapter.dispatch('fingerprint_of_rows', 'nba_analytics')(rows)) }}{% endmacro %}

{% macro default__fingerprint_of_rows(rows) -%}
    concat(
        cast(count(*) as string), '-',
        coalesce(cast(sum(cast(farm_fingerprint(to_json_string({{ rows }})) as numeric)) as string), '')
    )
{%- endmacro %}

{% macro duckdb__fingerprint_of_rows(rows) -%}
    concat(cast(count(*) as string), '-', coalesce(cast(sum(hash({{ rows }})) as string), ''))
{%- endmacro %}

{# Quotient of two integers, cut off towards zero. #}
{% macro integer_quotient(dividend, divisor) %}{{ return(adapter.dispatch('integer_quotient', 'nba_analytics')(dividend, divisor)) }}{% endmacro %}

{% macro default__integer_quotient(dividend, divisor) -%}
    div({{ dividend }}, {{ divisor }})
{%- endmacro %}

{% macro duckdb__integer_quotient(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{# A decimal number as text with two decimals. #}
{% macro with_two_decimals(number) %}{{ return(adapter.dispatch('with_two_decimals', 'nba_analytics')(number)) }}{% endmacro %}

{% macro default__with_two_decimals(number) -%}
    format('%.2f', {{ number }})
{%- endmacro %}

{% macro duckdb__with_two_decimals(number) -%}
    printf('%.2f', {{ number }})
{%- endmacro %}

{# The date that a text says as YYYY-MM-DD. NULL where it says none. #}
{% macro date_or_null(text) %}{{ return(adapter.dispatch('date_or_null', 'nba_analytics')(text)) }}{% endmacro %}

{% macro default__date_or_null(text) -%}
    safe_cast({{ text }} as date)
{%- endmacro %}

{% macro duckdb__date_or_null(text) -%}
    try_cast({{ text }} as date)
{%- endmacro %}

{# The date of a column that may be kept as a timestamp. On BigQuery it is the partitions', and stands as it is. #}
{% macro date_of(column) %}{{ return(adapter.dispatch('date_of', 'nba_analytics')(column)) }}{% endmacro %}

{% macro default__date_of(column) %}{{ return(column) }}{% endmacro %}

{% macro duckdb__date_of(column) -%}
    cast({{ column }} as date)
{%- endmacro %}

{# A text as a literal, whatever characters it has. #}
{% macro quoted(text) %}{{ return(adapter.dispatch('quoted', 'nba_analytics')(text)) }}{% endmacro %}

{% macro default__quoted(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") | replace("\n", "\\n") | replace("\r", "\\r") }}'
{%- endmacro %}

{% macro duckdb__quoted(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{#
    Rows that stand in the query's text, as a relation with an alias: numbers and texts, by the name of their column. With
    a select for each of them an engine plans for twice as long.
#}
{% macro literal_rows(alias, columns) %}{{ return(adapter.dispatch('literal_rows', 'nba_analytics')(alias, columns)) }}{% endmacro %}

{% macro default__literal_rows(alias, columns) -%}
    unnest([
        {%- for row in zip(*columns.values()) %}
        struct(
            {%- for value in row -%}
            {{ value if value is number else default__quoted(value) }} as {{ (columns | list)[loop.index0] }}
            {{- ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    ]) as {{ alias }}
{%- endmacro %}

{% macro duckdb__literal_rows(alias, columns) -%}
    {#- Of the rules there are hundreds, and dbt takes longer to call a macro than to quote a text. -#}
    (
        values
        {%- for row in zip(*columns.values()) %}
        (
            {%- for value in row -%}
            {{ value if value is number else "'" ~ (value | replace("'", "''")) ~ "'" }}{{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    ) as {{ alias }} ({{ columns | join(', ') }})
{%- endmacro %}

{# The window, one row per date, as a select. #}
{% macro dates_of_window() -%}
    {%- set start, end = window() -%}
    {{ dates_between(start, end, 'game_date') }}
    where {{ in_window('game_date') }}
{%- endmacro %}

{# The dates from one to another, ISO dates, both inclusive, one row each, as a select with one column. #}
{% macro dates_between(first, last, name='date_day') %}
    {{ return(adapter.dispatch('dates_between', 'nba_analytics')(first, last, name)) }}
{% endmacro %}

{% macro default__dates_between(first, last, name) -%}
    {#- Year by year, since an array holds a limited number of values. #}
    select {{ name }}
    from unnest(generate_date_array(date '{{ first }}', date '{{ last }}', interval 1 year)) as first_day
    cross join
        unnest(generate_date_array(
            first_day, least(date '{{ last }}', date_sub(date_add(first_day, interval 1 year), interval 1 day))
        )) as {{ name }}
{%- endmacro %}

{% macro duckdb__dates_between(first, last, name) -%}
    select cast({{ name }} as date) as {{ name }}
    from generate_series(
        date '{{ first }}', date '{{ last }}', interval 1 day
    ) as dates ({{ name }})
{%- endmacro %}

{# Runs the statements, all of them or none. #}
{% macro run_in_one_transaction(statements) %}{{ return(adapter.dispatch('run_in_one_transaction', 'nba_analytics')(statements)) }}{% endmacro %}

{% macro default__run_in_one_transaction(statements) %}
    {% call statement('in_one_transaction') %}
        begin transaction;
        {{ statements | join(';\n') }};
        commit transaction;
    {% endcall %}
{% endmacro %}

{% macro duckdb__run_in_one_transaction(statements) %}
    {% call statement('in_one_transaction') %}
        {{ statements | join(';\n') }}
    {% endcall %}
    {% do adapter.commit() %}
{% endmacro %}

{#
    The start of a statement that makes a table which is there for some days only, where the engine can see to that. One of
    that name is replaced. Without partitions: a range may have more days than a statement may make of them.
#}
{% macro create_table_until(relation, expires_at) %}{{ return(adapter.dispatch('create_table_until', 'nba_analytics')(relation, expires_at)) }}{% endmacro %}

{% macro default__create_table_until(relation, expires_at) -%}
    create or replace table {{ relation }} options (expiration_timestamp = {{ expires_at }}) as
{%- endmacro %}

{% macro duckdb__create_table_until(relation, expires_at) -%}
    create or replace table {{ relation }} as
{%- endmacro %}

{#
    Whether a table is there. On BigQuery not by dbt's list of tables alone, which dbt-bigquery takes for empty when it
    is refused: what is kept would be kept as empty.
#}
{% macro is_built(relation) %}{{ return(adapter.dispatch('is_built', 'nba_analytics')(relation)) }}{% endmacro %}

{% macro default__is_built(relation) %}
    {{ return(load_relation(relation) is not none or adapter.get_columns_in_relation(relation) | length > 0) }}
{% endmacro %}

{% macro duckdb__is_built(relation) %}
    {{ return(load_relation(relation) is not none) }}
{% endmacro %}

{# A sentence that says how to list the tables of a relation's schema. #}
{% macro how_to_list_tables(relation) %}{{ return(adapter.dispatch('how_to_list_tables', 'nba_analytics')(relation)) }}{% endmacro %}

{% macro default__how_to_list_tables(relation) %}
    {{ return('`bq ls ' ~ relation.database ~ ':' ~ relation.schema ~ '` lists what there is.') }}
{% endmacro %}

{% macro duckdb__how_to_list_tables(relation) %}
    {{ return(
        '`dbt show --limit 100 --inline "select table_schema, table_name from information_schema.tables"` lists what there is.'
    ) }}
{% endmacro %}
