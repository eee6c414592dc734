//! Uploads and the campaigns that live in the engine.

use madang::actors::ask::Denied;
use madang::actors::jobs::intake::rooms::Rooms;
use madang::actors::jobs::intake::{CampaignFacts, Campaigns};
use madang::actors::kernel::Engine;
use madang_domain::campaign::{Campaign, Command, Draft, NewTask, Region, Rules, TaskKind};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Role, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use uuid::Uuid;

use crate::world;

fn somebody(id: i64, role: Role) -> Actor {
    Actor::User { id: UserId::new(id), roles: vec![Role::User, role] }
}

async fn ask(engine: &Engine, to: EntityId, actor: Actor, command: Command) {
    engine.ask::<Campaign>(Order { to, id: Uuid::new_v4(), actor, command }).await.unwrap();
}

fn task(right: u32, gold: Option<&str>) -> NewTask {
    let region = Some(Region { left: 1, top: 1, right, bottom: 20 });
    NewTask { image: "im-a.jpg".to_owned(), width: 100, height: 50, region, gold: gold.map(str::to_owned), machine: None }
}

#[actix_web::test]
async fn a_part_that_comes_twice_is_added_once_and_a_closed_campaign_takes_none() {
    let db = world::database().await;
    let engine = Engine::builder(db.pool().clone()).kind::<Campaign>().start().await.unwrap();
    let rooms = Rooms::new(engine.clone());
    let id = engine.allocate(Kind::Campaign).await.unwrap();
    assert_eq!(rooms.facts(id.number()).await.unwrap(), None);
    assert_eq!(rooms.facts(-1).await.unwrap(), None);
    let draft = Draft { name: "Receipts".to_owned(), description: String::new(), rules: Rules::default() };
    ask(&engine, id, somebody(7, Role::Company), Command::Request(Box::new(draft))).await;
    let facts = CampaignFacts { owner: UserId::new(7), open: true, kind: TaskKind::Ocr, choices: Vec::new() };
    assert_eq!(rooms.facts(id.number()).await.unwrap(), Some(facts.clone()));
    let part = vec![task(90, None), task(80, Some("KNOWN"))];
    rooms.add(id, 3, 0, part.clone()).await.unwrap();
    rooms.add(id, 3, 0, part.clone()).await.unwrap();
    let viewer = Viewer::User { id: UserId::new(7), roles: vec![Role::User, Role::Company] };
    let golds = async || engine.view(id, viewer.clone()).await.unwrap().data["golds"].as_u64();
    assert_eq!(golds().await, Some(1));
    rooms.add(id, 3, 1, part).await.unwrap();
    rooms.add(id, 4, 0, vec![task(80, Some("KNOWN"))]).await.unwrap();
    assert_eq!(golds().await, Some(3));
    let refused = |answer: Result<(), Denied>| answer.unwrap_err().code();
    assert_eq!(refused(rooms.add(id, 5, 0, vec![task(101, None)]).await), Code::CampaignInvalid);
    ask(&engine, id, somebody(1, Role::Admin), Command::Reject { reason: "Not for us.".to_owned() }).await;
    assert_eq!(rooms.facts(id.number()).await.unwrap(), Some(CampaignFacts { open: false, ..facts }));
    assert_eq!(refused(rooms.add(id, 6, 0, vec![task(80, None)]).await), Code::CampaignWrongState);
    engine.stop().await;
    db.close().await;
}
