-- The engine: who owns what, what happened, what is due, what must still be told.

-- Facts about this database that never change, such as the epoch that all channel positions carry.
create table meta (
  name text primary key,
  value text not null
);
insert into meta (name, value) values ('channel_epoch', left(replace(gen_random_uuid()::text, '-', ''), 8));

-- Who is alive. Touched at every renewal, therefore apart from `shard`, which every commit locks.
create table node (
  id text primary key,
  incarnation uuid not null,
  addr text not null default '',
  seen_at timestamptz not null default clock_timestamp(),
  draining boolean not null default false
) with (fillfactor = 50);

-- Who owns which part of all entities. The epoch rises at every change of owner and fences every write.
create table shard (
  id int primary key check (id between 0 and 255),
  owner text,
  epoch bigint not null default 0
) with (fillfactor = 50);
insert into shard (id) select generate_series(0, 255);

-- What happened: one row for each decision, its events as a JSON list in `body`.
create table journal (
  entity bigint not null,
  seq bigint not null check (seq > 0),
  epoch bigint not null,
  kind smallint not null,
  version smallint not null,
  cmd uuid not null,
  actor_user bigint,
  at timestamptz not null,
  pub_offset bigint not null check (pub_offset >= 0),
  body_hash bytea not null,
  chain bytea not null,
  body bytea not null,
  constraint journal_seq primary key (entity, seq),
  constraint journal_cmd unique (entity, cmd)
) partition by hash (entity);

do $$
begin
  for part in 0..15 loop
    execute format(
      'create table journal_%s partition of journal for values with (modulus 16, remainder %s)', part, part);
  end loop;
end $$;

-- What happened stays as it happened.
create function journal_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the journal is append-only'
    using errcode = 'check_violation', constraint = 'journal_append_only', table = 'journal';
end $$;
create trigger journal_append_only before update or delete on journal
  for each row execute function journal_is_append_only();

-- An entity's state at a sequence number, so that loading does not start at the first event.
create table snapshot (
  entity bigint not null,
  seq bigint not null,
  version smallint not null,
  pub_offset bigint not null,
  at timestamptz not null,
  chain bytea not null,
  digest bytea not null,
  body bytea not null,
  primary key (entity, seq)
);

-- When an entity must be woken next.
create table timer (
  entity bigint not null,
  name text not null,
  shard smallint not null,
  due_at timestamptz not null,
  fire_id uuid not null,
  primary key (entity, name)
);
create index timer_due on timer (due_at);

-- What others must still be told. `done_at` marks success, `dead_at` the end of all tries.
create table outbox (
  id bigint generated always as identity primary key,
  shard smallint not null,
  entity bigint not null,
  seq bigint not null,
  n smallint not null,
  target bigint not null,
  body jsonb not null,
  tries smallint not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  dead_at timestamptz,
  constraint outbox_once unique (entity, seq, n)
);
create index outbox_open on outbox (due_at, id) where done_at is null and dead_at is null;

-- Refused commands of the kinds that keep them: private, and no part of any entity's state.
create table refusal (
  id bigint generated always as identity primary key,
  entity bigint not null,
  cmd uuid not null,
  actor_user bigint,
  at timestamptz not null,
  at_seq bigint not null,
  code text not null,
  message text not null,
  detail jsonb not null,
  command jsonb not null
);
create index refusal_of_entity on refusal (entity, id);
create index refusal_of_user on refusal (actor_user, id) where actor_user is not null;

-- The numbers of new entities, one sequence for each kind that allocates its own.
create sequence number_auction;
create sequence number_user;
