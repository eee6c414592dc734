-- Whether every shard is still ours. `for share`: a take-over is an update of a column that is no key, which `for key share`
-- would not stop, and a plain read could be overtaken before our commit.
held as (
  select s.id from unnest($1::int[], $2::bigint[]) as w (shard, epoch)
  join shard s on s.id = w.shard and s.epoch = w.epoch for share of s
),
fence as (
  select (select count(*) from held) = cardinality($1::int[]) as ok
)
