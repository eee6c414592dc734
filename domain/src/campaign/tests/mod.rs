//! Given events, when a command comes, then events or a refusal.
