{#
    The model holds exactly the keys that the sources have after resolution: none is lost, none is
    left over. `source_rows` is a relation with one row per raw row, its key and, where it can't be
    in the summary, the reason.
#}
{% test rows_match_source_keys(model, columns, source_rows) %}

with

source_keys as (

    select {{ columns | join(', ') }} from {{ source_rows }}
    where exclusion_reason is null
    group by {{ columns | join(', ') }}

),

model_keys as (

    select {{ columns | join(', ') }} from {{ model }}
    group by {{ columns | join(', ') }}

),

lost as (

    select * from source_keys
    except distinct
    select * from model_keys

),

left_over as (

    select * from model_keys
    except distinct
    select * from source_keys

)

select
    'lost' as finding,
    lost.*
from lost

union all

select
    'left over' as finding,
    left_over.*
from left_over

{% endtest %}
