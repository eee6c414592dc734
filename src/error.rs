//! How each error code looks on the wires: one exhaustive match, so that a new code cannot be forgotten.

use madang_domain::code::Code;

/// A code's face towards HTTP and the live protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surface {
    /// HTTP status.
    pub status: u16,
    /// The number in the live protocol's `error.code`: the protocol's own where it has one (100 to 112), ours from 1000.
    pub number: u32,
    /// Whether asking again, with the same id, can help.
    pub temporary: bool,
}

const fn surface(status: u16, number: u32, temporary: bool) -> Surface {
    Surface { status, number, temporary }
}

impl Surface {
    /// The face of a code.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one line for each code, in one list that the compiler keeps whole")]
    pub const fn of(code: Code) -> Self {
        match code {
            Code::BadRequest => surface(400, 107, false),
            Code::UnknownMethod => surface(404, 104, false),
            Code::TooLargeRequest => surface(413, 1001, false),
            Code::RateLimited => surface(429, 111, true),
            Code::IdReused => surface(409, 1002, false),
            Code::NotFound => surface(404, 1003, false),
            Code::Conflict => surface(409, 1004, false),
            Code::Unauthenticated => surface(401, 101, false),
            Code::TokenInvalid => surface(401, 1010, false),
            Code::TokenExpired => surface(401, 109, false),
            Code::TokenRevoked => surface(401, 1011, false),
            Code::Forbidden => surface(403, 103, false),
            Code::BadCredentials => surface(401, 1012, false),
            Code::RefreshReused => surface(401, 1013, false),
            Code::EmailCodeWrong => surface(422, 1014, false),
            Code::EmailCodeExpired => surface(422, 1015, false),
            Code::EmailCodeExhausted => surface(422, 1016, false),
            Code::EmailCodeTooSoon => surface(429, 1017, true),
            Code::EmailInvalid => surface(422, 1018, false),
            Code::PasswordInvalid => surface(422, 1019, false),
            Code::EmailTaken => surface(409, 1020, false),
            Code::AmountNotANumber => surface(422, 1030, false),
            Code::AmountFractional => surface(422, 1031, false),
            Code::AmountNotPositive => surface(422, 1032, false),
            Code::AmountTooLarge => surface(422, 1033, false),
            Code::WrongCurrency => surface(422, 1034, false),
            Code::NoFunds => surface(402, 1035, false),
            Code::AuctionUnknown => surface(404, 1050, false),
            Code::AuctionNotOpen => surface(409, 1051, false),
            Code::AuctionClosed => surface(409, 1052, false),
            Code::AuctionPaused => surface(409, 1053, false),
            Code::OwnAuction => surface(403, 1054, false),
            Code::RunsAuctions => surface(403, 1062, false),
            Code::ConfirmNeeded => surface(409, 1063, false),
            Code::BidTooLow => surface(409, 1055, false),
            Code::LeaderMayNotRebid => surface(409, 1056, false),
            Code::MaximumNotRaised => surface(409, 1057, false),
            Code::AuctionWrongState => surface(409, 1058, false),
            Code::AuctionInvalid => surface(422, 1059, false),
            Code::ArtworkInvalid => surface(422, 1061, false),
            Code::FavouritesFull => surface(409, 1060, false),
            Code::CampaignUnknown => surface(404, 1100, false),
            Code::CampaignWrongState => surface(409, 1101, false),
            Code::CampaignInvalid => surface(422, 1102, false),
            Code::CampaignFull => surface(409, 1103, false),
            Code::CampaignNotRunning => surface(409, 1104, false),
            Code::CampaignNotInReview => surface(409, 1105, false),
            Code::LabelNothing => surface(404, 1150, false),
            Code::LabelExcluded => surface(403, 1151, false),
            Code::LabelTooManyLeases => surface(409, 1152, false),
            Code::LabelLeaseUnknown => surface(404, 1153, false),
            Code::LabelLeaseForeign => surface(403, 1154, false),
            Code::LabelStaleFence => surface(409, 1155, false),
            Code::LabelAlreadyAnswered => surface(409, 1156, false),
            Code::LabelGivenBack => surface(409, 1157, false),
            Code::LabelLate => surface(409, 1158, false),
            Code::LabelAnswerInvalid => surface(422, 1159, false),
            Code::AlarmUnknown => surface(404, 1180, false),
            Code::AlarmsFull => surface(409, 1181, false),
            Code::AlarmInvalid => surface(422, 1182, false),
            Code::AlarmInThePast => surface(422, 1183, false),
            Code::AlarmNotRinging => surface(409, 1184, false),
            Code::AlarmAlreadyRinging => surface(409, 1185, false),
            Code::AlarmOtherSession => surface(409, 1186, false),
            Code::AlarmNoSnoozeLeft => surface(409, 1187, false),
            Code::AlarmMissionOpen => surface(409, 1188, false),
            Code::AlarmNoMission => surface(409, 1189, false),
            Code::AlarmUnknownPlan => surface(409, 1190, false),
            Code::AlarmPackInvalid => surface(422, 1191, false),
            Code::DeviceInvalid => surface(422, 1200, false),
            Code::DevicesFull => surface(409, 1201, false),
            Code::PushOff => surface(404, 1202, false),
            Code::StampCountInvalid => surface(422, 1230, false),
            Code::RaffleUnknown => surface(404, 1231, false),
            Code::RaffleClosed => surface(409, 1232, false),
            Code::RaffleWrongState => surface(409, 1233, false),
            Code::RaffleInvalid => surface(422, 1234, false),
            Code::RaffleFull => surface(409, 1235, false),
            Code::RaffleLimitReached => surface(409, 1236, false),
            Code::RaffleOwn => surface(403, 1237, false),
            Code::RaffleNotDrawn => surface(409, 1238, false),
            Code::UnknownChannel => surface(404, 102, false),
            Code::AlreadySubscribed => surface(409, 105, false),
            Code::UnrecoverablePosition => surface(409, 112, false),
            Code::NotAvailable => surface(404, 108, false),
            Code::LimitExceeded => surface(429, 106, false),
            Code::Busy => surface(503, 1080, true),
            Code::Unknown => surface(503, 1081, true),
            Code::Moved => surface(503, 1082, true),
            Code::Quarantined => surface(503, 1083, true),
            Code::Stopping => surface(503, 1084, true),
            Code::Internal => surface(500, 100, true),
        }
    }
}
