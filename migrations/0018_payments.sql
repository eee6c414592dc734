-- A payment, one amount from one account to another in one currency, is whole in its transfer's own row: that what leaves one
-- account reaches the other is then the form of the row and no sum to be checked. Nearly all transfers are payments (each answer's
-- points are two), and a row costs a third of what it costs with two entries. Transfers of another form keep their entries.
alter table transfer
  add column from_kind text,
  add column from_owner bigint,
  add column to_kind text,
  add column to_owner bigint,
  add column currency char(3),
  add column amount bigint,
  -- Bytes are compared as bytes: keys and kinds are plain ASCII, and a locale's order costs more.
  alter column key type text collate "C";
alter table transfer
  add constraint transfer_payment_whole check (num_nulls(from_kind, from_owner, to_kind, to_owner, currency, amount) in (0, 6)),
  add constraint transfer_payment_moves check (amount > 0 and (from_kind <> to_kind or from_owner <> to_owner));
create index transfer_from_user on transfer (from_owner, id) where from_kind = 'user';
create index transfer_to_user on transfer (to_owner, id) where to_kind = 'user';

-- Both sides of a payment are accounts: checked for all rows of a statement at once, as for entries.
create function payments_are_sound() returns trigger language plpgsql as $$
declare
  wrong record;
begin
  select p.* into wrong
  from (
    select from_kind, from_owner, currency from added where amount is not null
    union
    select to_kind, to_owner, currency from added where amount is not null
  ) p (owner_kind, owner, currency)
  where not exists (select from account a where a.owner_kind = p.owner_kind and a.owner = p.owner and a.currency = p.currency)
  limit 1;
  if found then
    raise exception 'there is no account %/%/%', wrong.owner_kind, wrong.owner, wrong.currency
      using errcode = 'foreign_key_violation', constraint = 'transfer_account', table = 'transfer';
  end if;
  return null;
end $$;
create trigger payment_sound after insert on transfer
  referencing new table as added for each statement execute function payments_are_sound();

-- What has entries is no payment: the check of a statement's entries asks that of their transfers, too.
create or replace function entries_are_sound() returns trigger language plpgsql as $$
declare
  wrong record;
begin
  select g.transfer, g.total into wrong
  from (select transfer, currency, sum(amount) as total from added group by transfer, currency) g
  where g.total <> 0 or not exists (select from transfer t where t.id = g.transfer and t.amount is null)
  limit 1;
  if found and wrong.total <> 0 then
    raise exception 'the entries of transfer % do not sum to zero', wrong.transfer
      using errcode = 'check_violation', constraint = 'entry_sum_zero', table = 'entry';
  elsif found then
    raise exception 'there is no transfer %, or it is a payment', wrong.transfer
      using errcode = 'foreign_key_violation', constraint = 'entry_transfer', table = 'entry';
  end if;
  select g.transfer into wrong
  from (select owner_kind, owner, currency, min(transfer) as transfer from added group by owner_kind, owner, currency) g
  where not exists (select from account a where a.owner_kind = g.owner_kind and a.owner = g.owner and a.currency = g.currency)
  limit 1;
  if found then
    raise exception 'transfer % has an entry without an account', wrong.transfer
      using errcode = 'foreign_key_violation', constraint = 'entry_account', table = 'entry';
  end if;
  return null;
end $$;

-- Every leg of every transfer, wherever it is kept.
create view posting as
select transfer, n, owner_kind, owner, currency, amount from entry
union all
select id, 0::smallint, from_kind, from_owner, currency, -amount from transfer where amount is not null
union all
select id, 1::smallint, to_kind, to_owner, currency, amount from transfer where amount is not null;
