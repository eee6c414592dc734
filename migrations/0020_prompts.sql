-- What was asked and answered, for those who improve the coach: only of people who agreed. Home: src/storage/prompts.rs.

create table prompt_consent (
  user_id bigint not null,
  since timestamptz not null,
  constraint prompt_consent_pkey primary key (user_id),
  constraint prompt_consent_user_fkey foreign key (user_id) references user_account (id) on delete cascade
);

-- Masked before it comes here. Goes with the consent, with the conversation, and by its age.
create table prompt_log (
  id bigint generated always as identity,
  chat bigint not null,
  message integer not null,
  user_id bigint not null,
  asked_at timestamptz not null,
  assistant text not null,
  model text not null,
  stage text not null,
  question text not null,
  answer text not null,
  constraint prompt_log_pkey primary key (id),
  constraint prompt_log_once unique (chat, message),
  constraint prompt_log_consent_fkey foreign key (user_id) references prompt_consent (user_id) on delete cascade
);
create index prompt_log_by_age on prompt_log (asked_at);
create index prompt_log_of_user on prompt_log (user_id);
