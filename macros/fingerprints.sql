{#
    What lets two states of a game date be compared without keeping either: fingerprints, as text, the same on every
    engine.
#}

{# Fingerprint of a group of rows, from an expression with the MD5 of each, in whatever order they come. #}
{% macro fingerprint_of(md5_of_row) -%}
    concat(
        cast(count(*) as string), '-',
        cast(
            sum(cast(cast(concat('0x', substr({{ md5_of_row }}, 1, 15)) as int64) as numeric(29, 0)))
            as string
        )
    )
{%- endmacro %}

{#
    What the sources say of each game date of the window, from rows of int_player_rows. The fingerprint covers what each
    row says once its game and player are known, and whether it counts: a corrected, added or deleted row, a moved game
    and a new alias change it, loading the same rows again does not.
#}
{% macro source_dates(player_rows) -%}
    select
        game_date,
        max(season_year) as season_year,
        count(distinct game_id) as game_count,
        count(*) as source_rows,
        count(
            distinct case
                when exclusion_reason is null then concat(player_lookup, '|', team_abbr)
            end
        ) as rows_expected,
        max(source_processed_at) as source_processed_at,
        {{ fingerprint_of(hash_of([
            'source_name', 'exclusion_reason', 'game_id', 'season_phase', 'team_abbr', 'player_lookup', 'player_full_name',
            'universal_player_id', 'player_status', 'dnp_reason', 'minutes_text', 'plus_minus',
            'team_score',
        ] + counted_statistics())) }} as source_fingerprint
    from {{ player_rows }}
    where {{ in_window('game_date') }}
    group by game_date
{%- endmacro %}

{#
    Fingerprint of the code that makes player_game_summary: the model, the models that it is made from, and the macros
    of this project that they call. Comments, descriptions and layout are no part of it, nor is the engine: of a
    dispatched macro every engine's version counts. Empty while the project is parsed.
#}
{% macro code_fingerprint() %}
    {% if not execute %}
        {{ return('') }}
    {% endif %}
    {% set macros = context[project_name] %}
    {% set prefix = 'macro.' ~ project_name ~ '.' %}
    {# Both lists grow while they are read. #}
    {% set model_ids = [node_of('player_game_summary').unique_id] %}
    {% set macro_ids = [] %}
    {% set codes = {} %}
    {% for model_id in model_ids %}
        {% set node = graph.nodes[model_id] %}
        {% do codes.update({model_id: node.raw_code}) %}
        {% do macro_ids.extend(node.depends_on.macros) %}
        {% for upstream in node.depends_on.nodes if upstream.startswith('model.') and upstream not in model_ids %}
            {% do model_ids.append(upstream) %}
        {% endfor %}
    {% endfor %}
    {% for macro_id in macro_ids if macro_id not in codes and macro_id.startswith(prefix) %}
        {% set macro_name = macro_id[prefix | length:] %}
        {% set called = macros[macro_name].macro %}
        {% do codes.update({macro_id: called.macro_sql}) %}
        {% do macro_ids.extend(called.depends_on.macros) %}
        {# The versions of a dispatched macro. #}
        {% set dispatched = macro_name.split('__') | last %}
        {% for engine in ['default__', 'duckdb__', 'bigquery__'] if engine ~ dispatched in macros %}
            {% do macro_ids.append(prefix ~ engine ~ dispatched) %}
        {% endfor %}
    {% endfor %}
    {% set texts = [] %}
    {% for id, code in codes.items() | sort %}
        {% do texts.append('\n' ~ id ~ '\n' ~ code) %}
    {% endfor %}
    {{ return(local_md5(_tokens(texts | join))) }}
{% endmacro %}

{# Words, strings and signs of SQL or Jinja, each on a line of its own, without the comments of either. #}
{% macro _tokens(code) %}
    {% set comment = '[{]#.*?#[}]|/[*].*?[*]/|--[^\n]*' %}
    {% set string = "'[^'\n]*'|" ~ '"[^"\n]*"' %}
    {% set uncommented = modules.re.sub('(?s)' ~ comment ~ '|(' ~ string ~ ')', '\\1', code) %}
    {{ return(modules.re.findall(string ~ '|\\w+|[^\\w\\s]', uncommented) | join('\n')) }}
{% endmacro %}
