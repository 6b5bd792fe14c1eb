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

{# Quotient of two integers, cut off towards zero. #}
{% macro integer_quotient(dividend, divisor) %}{{ return(adapter.dispatch('integer_quotient', 'nba_analytics')(dividend, divisor)) }}{% endmacro %}

{% macro default__integer_quotient(dividend, divisor) -%}
    div({{ dividend }}, {{ divisor }})
{%- endmacro %}

{% macro duckdb__integer_quotient(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}
