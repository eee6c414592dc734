-- The catalogue: what can be auctioned, the list page's read rows, favourites.
-- Homes: src/storage/artworks.rs (artwork), auctions.rs (auction_card, auction_offer), favourites.rs (favourite).
-- Attempts (src/storage/attempts.rs) are read from the engine's journal and refusals through the views below.

-- Every character of a text and every two that follow each other: an index over them finds Korean words of one or two
-- syllables, which a trigram index cannot. The cost tells the planner to ask the index rather than to compute it.
create function madang_grams(document text) returns text[]
language sql immutable strict parallel safe cost 10000
as $$
  select coalesce(array_agg(distinct g.gram), '{}')
  from (
    select unnest(array[c.sign, c.sign || lead(c.sign) over (order by c.place)]) as gram
    from unnest(string_to_array(document, null)) with ordinality as c (sign, place)
  ) as g
  where g.gram is not null
$$;

create table artwork (
  id bigint generated always as identity,
  title text not null,
  artist text not null,
  medium text,
  size text,
  year text,
  description text,
  image_urls text[] not null default '{}',
  -- Where it came from and its name there, so that nothing comes in twice.
  source text not null,
  source_id text not null,
  created_at timestamptz not null,
  -- Title, artist, medium and year in lower case, folded by the server so that the database's locale does not matter.
  search text not null,
  artist_key text not null,
  medium_key text not null,
  constraint artwork_pkey primary key (id),
  constraint artwork_source_unique unique (source, source_id),
  constraint artwork_title_length check (char_length(title) between 1 and 500),
  constraint artwork_artist_length check (char_length(artist) between 1 and 500)
);
create index artwork_search on artwork using gin (madang_grams(search));

-- The row of one auction in lists: written from its committed state, never ahead of it; `seq` says how new it is.
create table auction_card (
  id bigint not null,
  seq bigint not null,
  state text not null,
  -- scheduled, live (paused and closing too) or ended.
  phase text not null,
  seller bigint not null,
  artwork bigint not null,
  title text not null,
  artist text not null,
  medium text,
  image text not null,
  currency char(3) not null,
  -- The price, or where bidding starts as long as nobody has bid.
  price bigint not null,
  bids bigint not null,
  starts_at timestamptz,
  ends_at timestamptz,
  -- The end in microseconds since 1970, the largest number where none is planned: what "ending" sorts by.
  ends_key bigint not null,
  search text not null,
  medium_key text not null,
  constraint auction_card_pkey primary key (id),
  constraint auction_card_phase_known check (phase in ('scheduled', 'live', 'ended'))
) with (fillfactor = 70);
create index auction_card_newest on auction_card (phase, id desc);
create index auction_card_ending on auction_card (phase, ends_key, id);
create index auction_card_price on auction_card (phase, price, id);
create index auction_card_search on auction_card using gin (madang_grams(search));

-- Which auction a create request made, and when: the same request asked again means the same auction with the same times.
create table auction_offer (
  user_id bigint not null,
  command uuid not null,
  auction bigint not null,
  asked_at timestamptz not null,
  constraint auction_offer_pkey primary key (user_id, command)
);

-- Ten places for each person: the key itself keeps an eleventh out.
create table favourite (
  user_id bigint not null,
  place smallint not null,
  auction bigint not null,
  created_at timestamptz not null,
  constraint favourite_pkey primary key (user_id, place),
  constraint favourite_once unique (user_id, auction),
  constraint favourite_place_range check (place between 1 and 10)
);

-- What each person tried in auctions, the accepted part.
create index journal_of_bidder on journal (actor_user, at, entity, seq) where kind = 1 and actor_user is not null;

-- Accepted bids, the private raises of leaders among them (`visible` is false).
create view pub_engine_auction_bid as
select entity & ((1::bigint << 44) - 1) as auction, entity, seq, actor_user, at, body,
  position('"bid_placed"'::bytea in body) > 0 as visible
from journal
where kind = 1 and (position('"bid_placed"'::bytea in body) > 0 or position('"maximum_raised"'::bytea in body) > 0);

-- Refused bids.
create view pub_engine_auction_refused_bid as
select entity & ((1::bigint << 44) - 1) as auction, entity, id, at_seq, actor_user, at, code, message,
  command -> 'place_bid' -> 'max' as max
from refusal
where entity >> 44 = 1 and command ? 'place_bid';

-- The newest decision about each auction, one index probe for each number that was ever given out.
create view pub_engine_auction_head as
select n.auction, j.seq
from generate_series(1, (select last_value from number_auction)) as n (auction)
cross join lateral (
  select seq from journal where entity = ((1::bigint << 44) | n.auction) order by seq desc limit 1
) as j;
