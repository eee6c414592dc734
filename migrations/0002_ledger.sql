-- Money: integer amounts of named currencies, moved only by transfers whose entries sum to zero. The constraints here are
-- the judges; what the server keeps in memory is only a faster guess.

create table account (
  owner_kind text not null check (owner_kind in ('user', 'house', 'tax', 'world')),
  owner bigint not null,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  balance bigint not null default 0,
  held bigint not null default 0,
  primary key (owner_kind, owner, currency),
  constraint account_held_not_negative check (held >= 0),
  constraint account_user_covers_holds check (owner_kind <> 'user' or balance - held >= 0),
  constraint account_only_users_hold check (owner_kind = 'user' or held = 0)
) with (fillfactor = 70);

-- What one entity holds of one user's account. No row is no hold.
create table hold (
  entity bigint not null,
  owner_kind text not null default 'user' check (owner_kind = 'user'),
  owner bigint not null,
  currency char(3) not null,
  amount bigint not null,
  primary key (owner, currency, entity),
  constraint hold_positive check (amount > 0),
  constraint hold_account foreign key (owner_kind, owner, currency) references account
) with (fillfactor = 70);
create index hold_of_entity on hold (entity);

create table transfer (
  id bigint generated always as identity primary key,
  key text not null,
  purpose text not null,
  entity bigint,
  at timestamptz not null,
  constraint transfer_once unique (key)
);

create table entry (
  transfer bigint not null,
  n smallint not null,
  owner_kind text not null,
  owner bigint not null,
  currency char(3) not null,
  amount bigint not null,
  primary key (transfer, n),
  constraint entry_not_zero check (amount <> 0),
  constraint entry_transfer foreign key (transfer) references transfer,
  constraint entry_account foreign key (owner_kind, owner, currency) references account
);
create index entry_of_account on entry (owner_kind, owner, currency, transfer);

-- Double entry: at commit, the entries of each transfer are of one currency and sum to zero.
create function entry_sum_is_zero() returns trigger language plpgsql as $$
declare
  total numeric;
  currencies bigint;
begin
  select sum(amount), count(distinct currency) into total, currencies from entry where transfer = new.transfer;
  if total <> 0 or currencies <> 1 then
    raise exception 'the entries of transfer % do not sum to zero', new.transfer
      using errcode = 'check_violation', constraint = 'entry_sum_zero', table = 'entry';
  end if;
  return null;
end $$;

create constraint trigger entry_sum_zero after insert or update on entry
  deferrable initially deferred for each row execute function entry_sum_is_zero();

-- What is posted stays posted.
create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name
    using errcode = 'check_violation', constraint = 'ledger_append_only', table = tg_table_name;
end $$;

create trigger entry_append_only before update or delete on entry
  for each row execute function ledger_is_append_only();
create trigger transfer_append_only before update or delete on transfer
  for each row execute function ledger_is_append_only();
