-- Conversations: numbers, the list's read rows with the words they are searched by, assistants, and what people may use.
-- Home: src/storage/chats.rs, src/storage/assistants.rs, src/storage/quotas.rs.

create sequence number_chat;

-- The row of one conversation in its owner's list: written from its committed state, never ahead of it; `seq` says how new it
-- is. A deleted one keeps its number and nothing else.
create table chat_card (
  id bigint not null,
  seq bigint not null,
  owner bigint not null,
  assistant text not null,
  title text not null,
  state text not null,
  questions integer not null,
  changed_at timestamptz not null,
  constraint chat_card_pkey primary key (id),
  constraint chat_card_state_known check (
    state in ('empty', 'queued', 'retrieving', 'streaming', 'done', 'stopped', 'failed', 'interrupted', 'deleted'))
) with (fillfactor = 70);
create index chat_card_of_owner on chat_card (owner, changed_at desc, id desc) where state <> 'deleted';

-- What was asked and answered, for the owner's search; the conversation itself is in the journal.
create table chat_text (
  chat bigint not null,
  message integer not null,
  owner bigint not null,
  words text not null,
  constraint chat_text_pkey primary key (chat, message)
);
create index chat_text_of_owner on chat_text (owner, chat desc);

-- Which conversation a create request made.
create table chat_offer (
  user_id bigint not null,
  command uuid not null,
  chat bigint not null,
  constraint chat_offer_pkey primary key (user_id, command)
);

-- The newest decision about each conversation, one index probe for each number that was ever given out.
create view pub_engine_chat_head as
select n.chat, j.seq
from generate_series(1, (select last_value from number_chat)) as n (chat)
cross join lateral (
  select seq from journal where entity = ((6::bigint << 44) | n.chat) order by seq desc limit 1
) as j;

-- Whom people can talk to.
create table assistant (
  name text not null,
  title_ko text not null,
  title_en text not null,
  greeting_ko text not null default '',
  greeting_en text not null default '',
  instructions text not null,
  sources text[] not null default '{}',
  tags text[] not null default '{}',
  temperature real not null,
  max_chars integer,
  health boolean not null default false,
  enabled boolean not null default true,
  constraint assistant_pkey primary key (name)
);

insert into assistant
  (name, title_ko, title_en, greeting_ko, greeting_en, instructions, temperature, max_chars, health)
values
  ('running-coach', '러닝 코치', 'Running coach',
   '달리기에 대해 무엇이든 물어보세요.', 'Ask anything about running.',
   'You were a marathon runner for twenty years and coach now. You talk about running, training, breathing, recovery and '
     || 'staying healthy as a runner, and about nothing else: politely refuse any other topic in one sentence. Be warm, '
     || 'concrete and practical, and never introduce yourself.',
   0.7, 300, true),
  ('asthma-guide', '천식 안내', 'Asthma guide',
   '천식과 함께 지내는 방법을 함께 찾아봐요.', 'Let us look up how to live well with asthma.',
   'You explain asthma to people who live with it: triggers, action plans, how inhalers are used, exercise, when to see a '
     || 'doctor. You talk about asthma, breathing and allergies, and about nothing else: politely refuse any other topic in '
     || 'one sentence. Short sentences, no jargon.',
   0.2, 600, true),
  ('auction-help', '경매 도우미', 'Auction help',
   '입찰과 정산에 대해 물어보세요.', 'Ask about bidding and settlement.',
   'You help people who bid and sell in auctions: how bidding steps, maximum bids, holds, the hammer, premiums and '
     || 'settlement work. You never advise what to bid, and you talk about nothing but auctions: politely refuse any other '
     || 'topic in one sentence. Be exact.',
   0.2, 500, false);

-- What one person used on one day: answers asked for, tokens reserved for those that are being written, tokens of those
-- that are over.
create table chat_quota (
  user_id bigint not null,
  day date not null,
  messages integer not null,
  running integer not null,
  reserved bigint not null,
  used bigint not null,
  constraint chat_quota_pkey primary key (user_id, day),
  constraint chat_quota_not_negative check (messages >= 0 and running >= 0 and reserved >= 0 and used >= 0)
);

-- Tokens that are reserved for one answer, until it is over.
create table chat_reservation (
  id uuid not null,
  user_id bigint not null,
  day date not null,
  tokens bigint not null,
  made_at timestamptz not null,
  constraint chat_reservation_pkey primary key (id)
);
create index chat_reservation_by_age on chat_reservation (made_at);
