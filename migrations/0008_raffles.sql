-- Raffles: the list's read rows, who won what, which raffle a create request made, and the prizes' codes.
-- Home: src/storage/raffles.rs.

-- The row of one raffle in lists: written from its committed state, never ahead of it; `seq` says how new it is.
create table raffle_card (
  id bigint not null,
  seq bigint not null,
  state text not null,
  title text not null,
  entry_stamps bigint not null,
  prizes integer not null,
  entries integer not null,
  participants integer not null,
  closes_at timestamptz not null,
  draw_at timestamptz not null,
  constraint raffle_card_pkey primary key (id),
  constraint raffle_card_state_known check (state in ('open', 'frozen', 'drawn', 'cancelled'))
) with (fillfactor = 70);
create index raffle_card_by_state on raffle_card (state, id desc);

-- Who won what, written with the row of a raffle that was drawn: for people's own pages.
create table raffle_win (
  raffle bigint not null,
  prize integer not null,
  user_id bigint not null,
  title text not null,
  constraint raffle_win_pkey primary key (raffle, prize)
);
create index raffle_win_of_user on raffle_win (user_id, raffle desc);

-- Which raffle a create request made, and when it was first asked.
create table raffle_offer (
  user_id bigint not null,
  command uuid not null,
  raffle bigint not null,
  asked_at timestamptz not null,
  constraint raffle_offer_pkey primary key (user_id, command)
);

-- What a winner gets, encrypted with a key that is not in the database. `reference` is a keyed hash of the code.
create table raffle_code (
  raffle bigint not null,
  reference text not null,
  sealed bytea not null,
  constraint raffle_code_pkey primary key (raffle, reference)
);

-- The newest decision about each raffle, one index probe for each number that was ever given out.
create view pub_engine_raffle_head as
select n.raffle, j.seq
from generate_series(1, (select last_value from number_raffle)) as n (raffle)
cross join lateral (
  select seq from journal where entity = ((5::bigint << 44) | n.raffle) order by seq desc limit 1
) as j;
