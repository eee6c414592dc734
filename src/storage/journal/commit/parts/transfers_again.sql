-- Transfers of which some may have been made before: one whose key exists moves nothing again, entries and balances follow
-- the inserted transfers only. Taken when transfers.sql found a key that exists. The join compares each leg with each
-- transfer, so this is slow for many.
moved as (
  insert into transfer (key, purpose, entity, at)
  select t.key, t.purpose, t.entity, t.at
  from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) as t (key, purpose, entity, at)
  where (select ok from fence)
  on conflict (key) do nothing
  returning id, key
),
legs as (
  select m.id, l.n, l.owner_kind, l.owner, l.currency::char(3) as currency, l.amount
  from unnest($5::bigint[], $6::smallint[], $7::text[], $8::bigint[], $9::text[], $10::bigint[])
    as l (nth, n, owner_kind, owner, currency, amount)
  join moved m on m.key = ($1::text[])[l.nth]
),
entries as (
  insert into entry (transfer, n, owner_kind, owner, currency, amount)
  select id, n, owner_kind, owner, currency, amount from legs
)
