with

dates as (

    {{ dates_of_window() }}

),

player_rows as (

    {{ player_rows() }}

),

source_dates as (

    {{ source_dates('player_rows') }}

),

summary as (

    {{ rows_if_built('player_game_summary', in_window('game_date')) }}

),

summary_dates as (

    select
        game_date,
        count(*) as rows_in_summary,
        -- Of the rows as they are: the hash that stands in them vouches for nothing.
        {{ fingerprint_of(summary_row_hash()) }} as rows_fingerprint
    from summary
    group by game_date

),

ledger as (

    {{ rows_if_built('backfill_ledger', in_window('game_date')) }}

),

events as (

    {{ rows_if_built('backfill_events') }}

),

errors as (

    {{ rows_if_built('gate_findings', in_window('game_date') ~ " and severity = 'error'") }}

),

held_back as (

    {{ held_back_reasons('errors') }}

),

-- A range that was put back is what it was, so failures before that no longer count.
outcomes as (

    select
        dates.game_date,
        events.event_name,
        events.event_at,
        events.details,
        row_number() over (partition by dates.game_date order by events.event_at desc) as recency
    from dates
    inner join events
        on dates.game_date between events.start_date and events.end_date
    where events.event_name in ('window failed', 'rolled back')

),

failures as (

    select * from outcomes
    where recency = 1 and event_name = 'window failed'

),

compared as (

    select
        dates.game_date,
        {{ season_year('dates.game_date') }} as season_year,
        coalesce(source_dates.game_count, 0) as game_count,
        coalesce(source_dates.rows_expected, 0) as rows_expected,
        coalesce(summary_dates.rows_in_summary, 0) as rows_in_summary,
        ledger.rows_written,
        failures.details as failure,
        held_back.reason as held_back_reason,
        source_dates.source_processed_at,
        ledger.processed_at,
        source_dates.game_date is not null as is_in_sources,
        summary_dates.game_date is not null as is_in_summary,
        ledger.game_date is not null as is_in_ledger,
        held_back.game_date is not null as is_held_back,
        failures.event_at is not null
        and (ledger.processed_at is null or failures.event_at > ledger.processed_at)
        and (held_back.processed_at is null or failures.event_at > held_back.processed_at)
            as has_failed,
        coalesce(summary_dates.rows_fingerprint, '')
        = coalesce(ledger.rows_fingerprint, '') as is_as_written,
        coalesce(source_dates.source_fingerprint, '')
        = coalesce(ledger.source_fingerprint, '') as is_as_in_sources,
        coalesce(ledger.code_fingerprint, '') = '{{ code_fingerprint() }}' as is_of_this_code
    from dates
    left join source_dates on dates.game_date = source_dates.game_date
    left join summary_dates on dates.game_date = summary_dates.game_date
    left join ledger on dates.game_date = ledger.game_date
    left join failures on dates.game_date = failures.game_date
    left join held_back on dates.game_date = held_back.game_date

),

-- Other code may read the same sources differently, so it comes before what depends on that.
final as (

    select
        game_date,
        season_year,
        case
            when not (is_in_sources or is_in_summary or is_in_ledger or is_held_back)
                then 'no games'
            when has_failed then 'failed'
            when is_held_back then 'held back'
            when not is_in_summary and (rows_expected > 0 or not is_in_ledger) then 'missing'
            when not is_of_this_code then 'outdated'
            when not is_as_written then 'partial'
            when rows_in_summary < rows_expected then 'partial'
            when not is_as_in_sources then 'stale'
            else 'complete'
        end as status,
        game_count,
        rows_expected,
        rows_in_summary,
        rows_written,
        case when has_failed then failure else held_back_reason end as failed_reason,
        source_processed_at,
        processed_at
    from compared

)

select * from final
