-- Holds that are known to have a row each: one update in place, which touches no index, instead of an insert and a delete.
-- Should a row be missing after all, nothing of the batch is written.
holds as (
  select h.entity, h.owner, old.currency, h.amount, old.amount as before
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) as h (entity, owner, currency, amount)
  left join hold old on old.owner = h.owner and old.currency = h.currency::char(3) and old.entity = h.entity
  where (select ok from fence) and engine_insists(old.amount is not null, 'hold_stands')
),
holds_set as (
  update hold old set amount = h.amount from holds h
  where old.owner = h.owner and old.currency = h.currency and old.entity = h.entity
)
