with want as (
  select * from unnest($1::int[], $2::bigint[]) as w (shard, epoch)
),
held as (
  select s.id from shard s join want w on s.id = w.shard and s.epoch = w.epoch for share of s
),
fence as (
  select (select count(*) from held) = (select count(*) from want) as ok
),
events as (
  insert into journal (entity, seq, epoch, kind, version, cmd, actor_user, at, pub_offset, body_hash, chain, body)
  select e.* from unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::smallint[], $7::smallint[], $8::uuid[],
                         $9::bigint[], $10::timestamptz[], $11::bigint[], $12::bytea[], $13::bytea[], $14::bytea[]) as e
  where (select ok from fence)
),
shots as (
  select * from unnest($15::bigint[], $16::bigint[], $17::smallint[], $18::bigint[], $19::timestamptz[], $20::bytea[],
                       $21::bytea[], $22::bytea[], $23::bigint[])
    as s (entity, seq, version, pub_offset, at, chain, digest, body, keep_from)
  where (select ok from fence)
),
shots_in as (
  insert into snapshot (entity, seq, version, pub_offset, at, chain, digest, body)
  select entity, seq, version, pub_offset, at, chain, digest, body from shots
  on conflict (entity, seq) do nothing
),
shots_out as (
  delete from snapshot old using shots s where old.entity = s.entity and old.seq < s.keep_from
),
timers_in as (
  insert into timer (entity, name, shard, due_at, fire_id)
  select t.entity, 'wake', t.shard, t.due_at, t.fire_id
  from unnest($24::bigint[], $25::smallint[], $26::timestamptz[], $27::uuid[]) as t (entity, shard, due_at, fire_id)
  where (select ok from fence)
  on conflict (entity, name) do update set due_at = excluded.due_at, fire_id = excluded.fire_id
),
timers_out as (
  delete from timer t using unnest($28::bigint[]) as c (entity)
  where t.entity = c.entity and t.name = 'wake' and (select ok from fence)
),
notices as (
  insert into outbox (shard, entity, seq, n, target, body)
  select o.shard, o.entity, o.seq, o.n, o.target, o.body::jsonb
  from unnest($29::smallint[], $30::bigint[], $31::bigint[], $32::smallint[], $33::bigint[], $34::text[])
    as o (shard, entity, seq, n, target, body)
  where (select ok from fence)
),
refusals as (
  insert into refusal (entity, cmd, actor_user, at, at_seq, code, message, detail, command)
  select r.entity, r.cmd, r.actor_user, r.at, r.at_seq, r.code, r.message, r.detail::jsonb, r.command::jsonb
  from unnest($35::bigint[], $36::uuid[], $37::bigint[], $38::timestamptz[], $39::bigint[], $40::text[], $41::text[],
              $42::text[], $43::text[]) as r (entity, cmd, actor_user, at, at_seq, code, message, detail, command)
  where (select ok from fence)
),
holds as (
  select h.entity, h.owner, h.currency::char(3) as currency, h.amount, coalesce(old.amount, 0) as before
  from unnest($44::bigint[], $45::bigint[], $46::text[], $47::bigint[]) as h (entity, owner, currency, amount)
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
),
moved as (
  insert into transfer (key, purpose, entity, at)
  select t.key, t.purpose, t.entity, t.at
  from unnest($48::text[], $49::text[], $50::bigint[], $51::timestamptz[]) as t (key, purpose, entity, at)
  where (select ok from fence)
  on conflict (key) do nothing
  returning id, key
),
legs as (
  select m.id, l.n, l.owner_kind, l.owner, l.currency::char(3) as currency, l.amount
  from unnest($52::text[], $53::smallint[], $54::text[], $55::bigint[], $56::text[], $57::bigint[])
    as l (key, n, owner_kind, owner, currency, amount)
  join moved m on m.key = l.key
),
entries as (
  insert into entry (transfer, n, owner_kind, owner, currency, amount)
  select id, n, owner_kind, owner, currency, amount from legs
),
changes as (
  select owner_kind, owner, currency, sum(balance)::bigint as balance, sum(held)::bigint as held
  from (
    select 'user' as owner_kind, owner, currency, 0 as balance, amount - before as held from holds
    union all
    select owner_kind, owner, currency, amount, 0 from legs
  ) as change
  group by owner_kind, owner, currency
),
accounts as (
  update account a set balance = a.balance + c.balance, held = a.held + c.held
  from changes c
  where a.owner_kind = c.owner_kind and a.owner = c.owner and a.currency = c.currency
    and (c.balance <> 0 or c.held <> 0)
)
select (select ok from fence) as held, (select count(*) from moved) as moved
