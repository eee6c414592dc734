-- Any holds. The old amount may be read from the statement's own snapshot: only the shard's owner writes holds, and the fence
-- proves that nobody else has owned it since.
holds as (
  select h.entity, h.owner, h.currency::char(3) as currency, h.amount, coalesce(old.amount, 0) as before
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) as h (entity, owner, currency, amount)
  left join hold old on old.owner = h.owner and old.currency = h.currency::char(3) and old.entity = h.entity
  where (select ok from fence)
),
holds_in as (
  insert into hold (entity, owner, currency, amount)
  select entity, owner, currency, amount from holds where amount > 0
  on conflict (owner, currency, entity) do update set amount = excluded.amount
),
holds_out as (
  delete from hold old using holds h
  where h.amount = 0 and old.owner = h.owner and old.currency = h.currency and old.entity = h.entity
)
