//! `madang replay bids` against a server, both as processes: a handful of bids whose prices are known.

use serde_json::Value;

use crate::command_line::{Server, madang, text};
use crate::world;

/// Three auctions by eBay's steps: one that is fought for, one with a bid that comes too low, one without a contest.
const BIDS: &str = "\
auction_id,item,duration_days,opening_bid,final_price,bid_time_days,bidder,bidder_rating,max_bid
1001,Watch,3,1.00,5.50,0.10,ada,5,5.00
1001,Watch,3,1.00,5.50,0.20,bob,1,3.00
1001,Watch,3,1.00,5.50,2.90,cid,0,10.00
1002,Console,7,10.00,12.50,1.00,ada,5,50.00
1002,Console,7,10.00,12.50,2.00,bob,1,12.00
1002,Console,7,10.00,12.50,3.00,cid,0,12.00
1003,Organiser,5,0.01,0.01,4.00,bob,1,75.00
";

#[test]
fn a_replay_ends_at_the_prices_of_the_file() {
    let dir = world::fresh_dir("replay");
    let file = dir.join("bids.csv");
    std::fs::write(&file, BIDS).unwrap();
    let mut command = madang(&dir.join("data"));
    command.env("MADANG__DEMO__ENABLED", "true");
    let server = Server::start(command);
    let replay = |run: &str, expected: &str| {
        let mut replay = madang(&dir.join("nothing"));
        replay.args(["replay", "bids"]).arg(&file).args(["--server", &server.url, "--watchers", "2", "--json"]);
        replay.args(["--run", run, "--expect", expected]).output().unwrap()
    };
    let output = replay("first", "accepted=6,exact=3");
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&figures["auctions"], &figures["sent"]), (&Value::from(3), &Value::from(7)));
    assert_eq!(figures["refused"]["auction.bid_too_low"], 1, "{figures}");
    assert_eq!((&figures["watched"]["missed"], &figures["watched"]["doubled"]), (&Value::from(0), &Value::from(0)));

    // The same run once more: every step has its id, so nothing is done twice and the figures are the same.
    let again = replay("first", "accepted=6,exact=3");
    assert_eq!(again.status.code(), Some(0), "{}{}", text(&again.stdout), text(&again.stderr));
    let unmet = replay("second", "accepted=7");
    assert_eq!(unmet.status.code(), Some(1));
    assert!(text(&unmet.stderr).contains("accepted: expected 7, got 6"), "{}", text(&unmet.stderr));
    server.stop();
}
