-- Payments of which some may have been made before: balances follow those only that are made now.
paid as (
  insert into transfer (key, purpose, entity, at, from_kind, from_owner, to_kind, to_owner, currency, amount)
  select p.key, p.purpose, p.entity, p.at, p.from_kind, p.from_owner, p.to_kind, p.to_owner, p.currency::char(3), p.amount
  from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::bigint[], $7::text[], $8::bigint[],
              $9::text[], $10::bigint[])
    as p (key, purpose, entity, at, from_kind, from_owner, to_kind, to_owner, currency, amount)
  where (select ok from fence)
  on conflict (key) do nothing
  returning from_kind, from_owner, to_kind, to_owner, currency, amount
)
