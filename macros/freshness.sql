{#
    What `dbt source freshness` measures: how long a source has owed the games of a night. dbt's own macro takes the age of
    the newest row, which grows from June to October with nothing wrong.

    A source has what was played through the last game that it loaded after that was played. It owes the next date on
    which there were games: one that another source has, or one inside a part of a season by the seed seasons. A part of
    which the seed doesn't say on how many dates it is played, such as playoffs, may have a week without. A season that
    the seed doesn't know is taken to be played from November through March, for otherwise nobody would be told. Who owes
    nothing is as new as can be.
#}
{% macro default__collect_freshness(source, loaded_at_field, filter) %}
    {% set others = [] %}
    {% for node in graph.sources.values() if node.config.loaded_at_field and node.identifier != source.identifier %}
        {% do others.append(api.Relation.create(database=node.database, schema=node.schema, identifier=node.identifier)) %}
    {% endfor %}
    {% set seasons = adapter.get_relation(generate_database_name(), generate_schema_name(none, none), 'seasons') %}
    {% if not seasons %}
        {{ exceptions.raise_compiler_error(
            'How new ' ~ source ~ ' should be depends on the seed seasons, which is not there. Load it with dbt seed.'
        ) }}
    {% endif %}
    {% set today = _today().isoformat() %}
    {% set yesterday = (_today() - modules.datetime.timedelta(days=1)).isoformat() %}
    {% set this_season = _season_year(today) %}
    {% set november, march = this_season ~ '-11-01', (this_season + 1) ~ '-03-31' %}
    {% call statement('collect_freshness', fetch_result=True, auto_begin=False) -%}
        with

        loaded as (

            select
                coalesce(
                    max(case when cast({{ loaded_at_field }} as date) >= game_date then game_date end),
                    date '{{ _first_date() }}'
                ) as last_date
            from {{ source }}
            where game_date between date '{{ _first_date() }}' and date '{{ today }}'{% if filter %} and {{ filter }}{% endif %}

        ),

        owed as (

            {% for other in others -%}
            select min(other.game_date) as game_date
            from loaded
            inner join {{ other }} as other on loaded.last_date < other.game_date
            where other.game_date between date '{{ _first_date() }}' and date '{{ yesterday }}'
            union all
            {% endfor -%}
            select
                min(
                    case
                        when loaded.last_date < seasons.first_date then seasons.first_date
                        when seasons.date_count is null
                            then least({{ _days_after('loaded.last_date', 7) }}, seasons.last_date)
                        else {{ _days_after('loaded.last_date', 1) }}
                    end
                ) as game_date
            from loaded
            inner join {{ seasons }} as seasons
                on loaded.last_date < seasons.last_date and seasons.season_phase != 'cup_final'
            {%- if november <= today <= march %}
            union all
            select
                case
                    when count(seasons.season_year) = 0
                        then greatest({{ _days_after('max(loaded.last_date)', 7) }}, date '{{ november }}')
                end as game_date
            from loaded
            left join {{ seasons }} as seasons on seasons.season_year = {{ this_season }}
            {%- endif %}

        )

        select
            coalesce(
                -- The night of a date is over when the games of the West coast are: at eight in the morning, UTC.
                cast({{ dbt.dateadd('hour', 32, 'cast(min(game_date) as timestamp)') }} as timestamp),
                {{ run_timestamp() }}
            ) as max_loaded_at,
            {{ run_timestamp() }} as snapshotted_at
        from owed
        where game_date <= date '{{ yesterday }}'
    {%- endcall %}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}

{% macro _days_after(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}
