-- A code can also be for a new password.
-- Home: src/storage/email_codes.rs (email_code).

alter table email_code
    drop constraint email_code_purpose_known,
    add constraint email_code_purpose_known check (purpose in ('sign_up', 'password'));
