-- What answers are taken from: articles, their versions, the chunks they are cut into, the chunks' vectors, and imports.
-- Homes: src/storage/knowledge/articles.rs (article, article_version), chunks.rs (article_chunk, chunk_vector),
-- imports.rs (knowledge_import, knowledge_import_part).

-- The order of changes. A change takes its number under a lock that is held until it is committed, so that whoever has seen
-- number n will never miss a smaller one.
create sequence article_rev;

create table article (
  id bigint generated always as identity,
  source text not null,
  name text not null,
  version int not null,
  rev bigint not null,
  title text not null,
  url text,
  tags text[] not null default '{}',
  -- Of title, url, tags and sections: an equal one is no new version.
  digest bytea not null,
  chunks int not null,
  -- Set: it is not found any more, but its versions are kept.
  deleted boolean not null default false,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint article_pkey primary key (id),
  constraint article_origin_unique unique (source, name),
  constraint article_rev_unique unique (rev),
  constraint article_version_positive check (version > 0)
);
create index article_listed on article (id desc) where not deleted;
create index article_grams on article using gin (madang_grams(lower(title))) where not deleted;

-- Every version that there was, the present one among them.
create table article_version (
  article bigint not null,
  version int not null,
  title text not null,
  url text,
  tags text[] not null default '{}',
  sections jsonb not null,
  -- Who wrote it; null for imports from the command line.
  changed_by bigint,
  at timestamptz not null,
  constraint article_version_pkey primary key (article, version),
  constraint article_version_of foreign key (article) references article (id)
);

-- The chunks of each article's present version. One whose text did not change keeps its number.
create table article_chunk (
  id bigint generated always as identity,
  article bigint not null,
  n int not null,
  heading text not null,
  text text not null,
  -- Of title, heading and text: what is embedded.
  digest bytea not null,
  constraint article_chunk_pkey primary key (id),
  constraint article_chunk_unique unique (article, digest),
  constraint article_chunk_of foreign key (article) references article (id)
);
create index article_chunk_digest on article_chunk (digest);

-- Vectors by what was embedded and by whom, so that nothing is embedded twice by the same model. Those of the built-in
-- lexical embedding are not here: they are cheaper to compute than to read.
create table chunk_vector (
  digest bytea not null,
  model text not null,
  vector real[] not null,
  constraint chunk_vector_pkey primary key (model, digest)
);

create table knowledge_import (
  id bigint generated always as identity,
  owner bigint not null,
  -- The request that asked for it: the same request means the same import.
  command uuid not null,
  name text not null,
  format text not null,
  source text not null,
  tags text[] not null default '{}',
  bytes bigint not null,
  state text not null default 'working',
  -- Why it failed as a whole.
  code text,
  message text,
  -- Articles in the file, when that is known; then how far it is.
  articles int,
  done int not null default 0,
  added int not null default 0,
  changed int not null default 0,
  unchanged int not null default 0,
  refused int not null default 0,
  -- What was wrong with articles that were refused: the first hundred.
  faults jsonb not null default '[]',
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint knowledge_import_pkey primary key (id),
  constraint knowledge_import_command_unique unique (owner, command),
  constraint knowledge_import_state_known check (state in ('working', 'done', 'failed'))
);

-- The file of an import that is not over, in parts: whichever node works on it has it.
create table knowledge_import_part (
  import bigint not null,
  n int not null,
  bytes bytea not null,
  constraint knowledge_import_part_pkey primary key (import, n)
);
