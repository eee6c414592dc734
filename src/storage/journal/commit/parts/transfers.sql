-- Transfers that are new, as they nearly always are. Their numbers are taken first, so that a leg finds its transfer's number
-- by position, without a join. A key that exists breaks `transfer_once`: nothing is written, and the batch is written again
-- with transfers_again.sql.
ids as (
  select array_agg(nextval('transfer_id_seq')) as list from generate_series(1, cardinality($1::text[]))
),
moved as (
  insert into transfer (id, key, purpose, entity, at) overriding system value
  select (select list from ids)[t.nth], t.key, t.purpose, t.entity, t.at
  from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) with ordinality as t (key, purpose, entity, at, nth)
  where (select ok from fence)
  returning 1
),
legs as (
  select (select list from ids)[l.nth] as id, l.n, l.owner_kind, l.owner, l.currency::char(3) as currency, l.amount
  from unnest($5::bigint[], $6::smallint[], $7::text[], $8::bigint[], $9::text[], $10::bigint[])
    as l (nth, n, owner_kind, owner, currency, amount)
  where (select ok from fence)
),
entries as (
  insert into entry (transfer, n, owner_kind, owner, currency, amount)
  select id, n, owner_kind, owner, currency, amount from legs
)
