//! The closed list of error codes: the stable names that clients, tests, metrics and `docs/errors.md` use.
//!
//! What each code means on a wire (HTTP status, number in the live protocol, whether to ask again) is decided in one
//! exhaustive match in the server's `error.rs`.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $sentence:literal;)*) => {
        /// Why something was refused or failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its stable name, `area.reason`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One sentence for the person, used where a refusal has nothing more exact to say.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

codes! {
    // Requests that cannot be understood.
    /// Not JSON, or not the shape that was asked for.
    BadRequest = "request.malformed", "The request could not be understood.";
    /// No such rpc method or path.
    UnknownMethod = "request.unknown_method", "There is no such method.";
    /// A frame or body beyond the limit.
    TooLargeRequest = "request.too_large", "The request is larger than allowed.";
    /// More requests than the limit allows.
    RateLimited = "request.rate_limited", "Too many requests: please slow down.";
    /// A command id used again with another body.
    IdReused = "request.id_reused", "This command id was already used for another request.";
    /// Nothing of that name or id.
    NotFound = "request.not_found", "Nothing was found here.";
    /// A uniqueness rule of stored records.
    Conflict = "request.conflict", "This already exists.";

    // Who asks.
    /// No token where one is needed.
    Unauthenticated = "auth.required", "Please sign in first.";
    /// A token that we did not make.
    TokenInvalid = "auth.token_invalid", "This sign-in is not valid.";
    /// A token past its time.
    TokenExpired = "auth.token_expired", "This sign-in has expired.";
    /// A token whose session was signed out.
    TokenRevoked = "auth.token_revoked", "This session was signed out.";
    /// Signed in, but not allowed.
    Forbidden = "auth.forbidden", "You may not do this.";
    /// E-mail or password do not match.
    BadCredentials = "auth.bad_credentials", "E-mail or password is wrong.";
    /// A used refresh token came again after its grace time: the family is revoked.
    RefreshReused = "auth.refresh_reused", "This sign-in was used twice, so the device was signed out.";
    /// The e-mail code is wrong.
    EmailCodeWrong = "auth.email_code_wrong", "The code is wrong.";
    /// The e-mail code is past its 180 s.
    EmailCodeExpired = "auth.email_code_expired", "The code has expired: please ask for a new one.";
    /// Five wrong tries.
    EmailCodeExhausted = "auth.email_code_exhausted", "Too many wrong codes: please ask for a new one.";
    /// A new code within 60 s.
    EmailCodeTooSoon = "auth.email_code_too_soon", "A code was sent a moment ago: please wait before asking again.";
    /// Not an e-mail address.
    EmailInvalid = "auth.email_invalid", "This is not an e-mail address.";
    /// Too short or too long a password.
    PasswordInvalid = "auth.password_invalid", "The password must have 8 to 128 characters.";
    /// The e-mail address has an account already.
    EmailTaken = "auth.email_taken", "This e-mail address already has an account.";

    // Money.
    /// Text, null, NaN: nothing that counts.
    AmountNotANumber = "money.not_a_number", "The amount must be a whole number of minor units.";
    /// 12.5
    AmountFractional = "money.fractional", "The amount must not have a fraction.";
    /// Zero or negative.
    AmountNotPositive = "money.not_positive", "The amount must be more than zero.";
    /// Beyond what we count.
    AmountTooLarge = "money.too_large", "The amount is too large.";
    /// Another currency than the account or auction has.
    WrongCurrency = "money.wrong_currency", "The amount is in another currency.";
    /// The available balance does not cover it.
    NoFunds = "money.no_funds", "Your available balance does not cover this.";

    // Auctions.
    /// No auction of that id.
    AuctionUnknown = "auction.unknown", "There is no such auction.";
    /// Bidding has not begun.
    AuctionNotOpen = "auction.not_open", "Bidding has not started yet.";
    /// Bidding is over.
    AuctionClosed = "auction.closed", "Bidding has ended.";
    /// Bidding is paused.
    AuctionPaused = "auction.paused", "Bidding is paused.";
    /// Sellers may not bid on their own.
    OwnAuction = "auction.own", "You cannot bid on your own auction.";
    /// Those who run auctions see every maximum, so they bid in none.
    RunsAuctions = "auction.clerk", "Who runs auctions may not bid.";
    /// An amount far above what is needed, which the bidder must confirm.
    ConfirmNeeded = "auction.confirm_needed", "This is far above the next possible amount: please confirm it.";
    /// Below the next possible amount.
    BidTooLow = "auction.bid_too_low", "The bid is below the next possible amount.";
    /// The seed's rule, where set: the leader may not bid again.
    LeaderMayNotRebid = "auction.leader_may_not_rebid", "You already lead.";
    /// A leader may only raise the own maximum.
    MaximumNotRaised = "auction.maximum_not_raised", "You lead with a maximum at least this high.";
    /// The auction is in no state for this command.
    AuctionWrongState = "auction.wrong_state", "This is not possible in the auction's present state.";
    /// The rules or times given for an auction make no sense.
    AuctionInvalid = "auction.invalid", "The auction's settings are not valid.";
    /// An artwork that cannot enter the catalogue.
    ArtworkInvalid = "artwork.invalid", "This cannot enter the catalogue.";
    /// Ten favourites are the most.
    FavouritesFull = "auction.favourites_full", "You can keep at most ten favourites.";

    // Campaigns and labels.
    /// No campaign of that number, or none that the asker may see.
    CampaignUnknown = "campaign.unknown", "There is no such campaign.";
    /// The campaign is in no state for this command.
    CampaignWrongState = "campaign.wrong_state", "This is not possible in the campaign's present state.";
    /// A draft, task or reason that makes no sense.
    CampaignInvalid = "campaign.invalid", "The campaign's settings are not valid.";
    /// 20,000 tasks are the most.
    CampaignFull = "campaign.full", "The campaign has as many tasks as it may have.";
    /// It gives out no tasks now.
    CampaignNotRunning = "campaign.not_running", "This campaign gives out no tasks now.";
    /// Only tasks in review are decided by a person.
    CampaignNotInReview = "campaign.not_in_review", "This task is not in review.";
    /// Nothing that this person could be asked.
    LabelNothing = "label.nothing", "There is nothing for you to label now.";
    /// Taken off the campaign.
    LabelExcluded = "label.excluded", "You are taken off this campaign.";
    /// Too many tasks at a time.
    LabelTooManyLeases = "label.too_many_leases", "Please answer or give back a task first.";
    /// No such lease, or one that ended long ago.
    LabelLeaseUnknown = "label.lease_unknown", "There is no such lease, or it ended long ago.";
    /// Somebody else's lease.
    LabelLeaseForeign = "label.lease_foreign", "This task was given to somebody else.";
    /// The fencing number is not the lease's.
    LabelStaleFence = "label.stale_fence", "The fencing number does not belong to this lease.";
    /// Answered by another command.
    LabelAlreadyAnswered = "label.already_answered", "This task was answered already.";
    /// Given back before.
    LabelGivenBack = "label.given_back", "This task was given back already.";
    /// The lease is over; an answer is kept, but not counted.
    LabelLate = "label.late", "The time for this task is over.";
    /// Empty, too long, or not one of the choices.
    LabelAnswerInvalid = "label.answer_invalid", "This answer cannot be taken.";
    // Alarms and the devices that ring.
    /// No alarm of that number.
    AlarmUnknown = "alarm.unknown", "There is no such alarm.";
    /// A clock has fifty.
    AlarmsFull = "alarm.too_many", "An alarm clock has at most fifty alarms.";
    /// Settings that make no sense.
    AlarmInvalid = "alarm.invalid", "The alarm's settings are not valid.";
    /// Its only time is over.
    AlarmInThePast = "alarm.in_the_past", "This time is over already.";
    /// Nothing rings, or it was stopped already.
    AlarmNotRinging = "alarm.not_ringing", "No alarm is ringing.";
    /// Only one can be tried at a time.
    AlarmAlreadyRinging = "alarm.already_ringing", "An alarm is ringing already.";
    /// The session that was meant is over.
    AlarmOtherSession = "alarm.other_session", "This alarm is over; another one rings.";
    /// The limit is reached, or the alarm has no snooze.
    AlarmNoSnoozeLeft = "alarm.no_snooze_left", "This alarm cannot be snoozed any more.";
    /// It takes more answers to stop it.
    AlarmMissionOpen = "alarm.mission_open", "This alarm is stopped by answers.";
    /// It takes no answers.
    AlarmNoMission = "alarm.no_mission", "This alarm needs no answers.";
    /// A version that was never made.
    AlarmUnknownPlan = "alarm.unknown_plan", "There is no such version of the plan yet.";
    /// An offline pack that we did not sign, or not for this person.
    AlarmPackInvalid = "alarm.pack_invalid", "This offline pack is not valid.";
    /// A token, endpoint or key that no device has.
    DeviceInvalid = "alarm.device_invalid", "This device cannot be registered.";
    /// A person has twenty.
    DevicesFull = "alarm.too_many_devices", "You can register at most twenty devices.";
    /// The server has no keys for it.
    PushOff = "alarm.push_off", "This server does not push.";

    // Points, stamps and raffles.
    /// Zero, negative, a fraction, or more stamps than can be bought at once.
    StampCountInvalid = "points.count_invalid", "Please buy 1 to 1,000 stamps at a time.";
    /// No raffle of that id.
    RaffleUnknown = "raffle.unknown", "There is no such raffle.";
    /// Entries are over.
    RaffleClosed = "raffle.closed", "Entries are closed.";
    /// The raffle is in no state for this command.
    RaffleWrongState = "raffle.wrong_state", "This is not possible in the raffle's present state.";
    /// The terms given for a raffle, or the nonce of an entry, make no sense.
    RaffleInvalid = "raffle.invalid", "The raffle's settings are not valid.";
    /// As many entries as fit.
    RaffleFull = "raffle.full", "This raffle is full.";
    /// As many entries as one person may have.
    RaffleLimitReached = "raffle.limit_reached", "You have as many entries as one person may have.";
    /// Who opens a raffle does not take part.
    RaffleOwn = "raffle.own", "You opened this raffle, so you cannot enter it.";
    /// There is no proof before the draw.
    RaffleNotDrawn = "raffle.not_drawn", "This raffle has not been drawn yet.";

    // Uploads and the objects made of them.
    /// No object of that name.
    ObjectUnknown = "object.unknown", "There is no such object.";
    /// A link that we did not make, or that was changed.
    ObjectLinkInvalid = "object.link_invalid", "This link is not valid.";
    /// A link past its time.
    ObjectLinkExpired = "object.link_expired", "This link has expired: please ask for a new one.";
    /// Objects never change.
    ObjectExists = "object.exists", "This was uploaded already.";
    /// Another size than was announced.
    ObjectWrongSize = "object.wrong_size", "This is not as large as was announced.";
    /// Another type than was announced.
    ObjectWrongType = "object.wrong_type", "This is not of the type that was announced.";
    /// The store does not answer.
    ObjectUnavailable = "object.unavailable", "The store of files does not answer: please ask again.";
    /// No upload of that number in this campaign.
    UploadUnknown = "upload.unknown", "There is no such upload.";
    /// A name or option that makes no sense.
    UploadInvalid = "upload.invalid", "This upload is not possible.";
    /// Larger than is taken.
    UploadTooLarge = "upload.too_large", "This file is larger than is taken.";
    /// Neither a zip nor an image.
    UploadType = "upload.type", "Only zip archives and JPEG, PNG and WebP images are taken.";
    /// The bytes have not come.
    UploadMissing = "upload.missing", "The file has not been uploaded yet.";
    /// As many as a campaign may have at a time.
    UploadTooMany = "upload.too_many", "This campaign has too many open uploads: please wait until some are done.";
    /// The campaign takes nothing more.
    UploadClosed = "upload.closed", "This campaign takes no more uploads.";
    /// Its time to come is over.
    UploadOver = "upload.over", "This upload is over: please send the file anew.";

    // What answers are taken from.
    /// The index of a server that has just started is not made yet.
    KnowledgeLoading = "knowledge.loading", "The articles are still being loaded: please ask again.";
    /// No article of that number, or no such version of it.
    ArticleUnknown = "knowledge.unknown", "There is no such article.";
    /// A title, address, tag or text that cannot be kept.
    ArticleInvalid = "knowledge.invalid", "This article cannot be kept.";
    /// It has another version than the one that was edited.
    ArticleChanged = "knowledge.changed", "Somebody changed this article meanwhile: please look at it again.";
    /// No import of that number.
    ImportUnknown = "knowledge.import_unknown", "There is no such import.";
    /// A format that is not read.
    ImportType = "knowledge.import_type", "Only JSON Lines, Markdown, HTML, text and PDF are read.";
    /// Larger than is taken.
    ImportTooLarge = "knowledge.import_too_large", "This file is larger than is taken: make several of it.";
    /// As many as are worked on at a time.
    ImportsFull = "knowledge.too_many_imports", "Too many imports are being worked on: please wait until some are done.";

    // Language models.
    /// No provider answers.
    ModelUnavailable = "model.unavailable", "The language model cannot be reached now: please ask again later.";
    /// Too many questions at once, ours or theirs.
    ModelBusy = "model.busy", "The language model is very busy: please ask again in a moment.";
    /// It was silent for too long.
    ModelTimedOut = "model.timed_out", "The language model took too long.";
    /// It broke off, or spoke nonsense.
    ModelBrokeOff = "model.broke_off", "The language model broke off in the middle.";
    /// No assistant of that name.
    ModelUnknown = "model.unknown", "There is no such model.";
    /// A request in another dialect that cannot be served.
    ModelRequest = "model.invalid_request", "This request cannot be answered.";
    // Conversations.
    /// No conversation of that number, or somebody else's.
    ChatUnknown = "chat.unknown", "There is no such conversation.";
    /// A question, title or comment that cannot be taken.
    ChatInvalid = "chat.invalid", "This text cannot be taken.";
    /// No question of that number in it.
    ChatNoMessage = "chat.no_message", "There is no such message.";
    /// An answer is being written and no more questions may wait, or it is not over yet.
    ChatBusy = "chat.busy", "Please wait until the answer is finished.";
    /// As many questions or characters as one may have.
    ChatFull = "chat.full", "This conversation is as long as it can get: please begin a new one.";
    /// The answer is whole, or not over.
    ChatNotContinuable = "chat.not_continuable", "This answer cannot be continued.";
    /// Another run writes the answer, or none any more.
    ChatRunLost = "chat.run_lost", "The answer is not this run's any more.";
    /// No assistant of that name, or one that is switched off.
    AssistantUnknown = "chat.assistant_unknown", "There is no such assistant.";
    /// An assistant's settings make no sense.
    AssistantInvalid = "chat.assistant_invalid", "The assistant's settings are not valid.";
    /// The tokens of this day are used up.
    ChatTokensSpent = "chat.tokens_spent", "Your tokens for today are used up.";
    /// The questions of this day are used up.
    ChatMessagesSpent = "chat.messages_spent", "Your questions for today are used up.";
    /// As many answers are being written for this person as may be at a time.
    ChatTooManyAtOnce = "chat.too_many_at_once", "Please wait until one of your answers is finished.";
    /// Nobody took the answer: the reason of one that failed.
    ChatNoRunner = "chat.no_runner", "Nobody was there to write this answer.";
    /// A link that was never made, or that its owner took back.
    ChatLinkInvalid = "chat.link_invalid", "This link leads to no conversation.";

    // The live protocol.
    /// No such channel.
    UnknownChannel = "live.unknown_channel", "There is no such channel.";
    /// Subscribed already.
    AlreadySubscribed = "live.already_subscribed", "This channel is already subscribed.";
    /// A position ahead of the channel's head, or of another epoch where that is an error.
    UnrecoverablePosition = "live.unrecoverable_position", "This position cannot be recovered.";
    /// Not offered on this channel.
    NotAvailable = "live.not_available", "This is not available here.";
    /// Too many subscriptions, sockets, ...
    LimitExceeded = "live.limit_exceeded", "A limit was reached.";

    // The engine.
    /// A full inbox: ask again in a moment, with the same id.
    Busy = "engine.busy", "Very busy right now: please ask again.";
    /// The outcome of a commit is not known: ask again with the same id.
    Unknown = "engine.unknown_outcome", "The outcome is not known: ask again with the same id.";
    /// Another node owns it now: ask again with the same id.
    Moved = "engine.moved", "This moved to another node: ask again with the same id.";
    /// Failing again and again; resting.
    Quarantined = "engine.quarantined", "This is resting after a fault: please try later.";
    /// The server is stopping.
    Stopping = "engine.stopping", "The server is restarting: please ask again.";
    /// A fault of ours.
    Internal = "engine.internal", "Something went wrong on our side.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_have_an_area() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(
            names.iter().all(|name| name.split_once('.').is_some_and(|(area, reason)| !area.is_empty() && !reason.is_empty()))
        );
    }
}
