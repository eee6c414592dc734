//! The live protocol with nothing behind it: any number is a token, every channel is open.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_server::Server;
use actix_service::{fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use chrono::{TimeDelta, Utc};
use futures_util::future::BoxFuture;
use madang::actors::broker::{Broker, BrokerSettings};
use madang::http::live::house::{ChannelRules, ChannelSnapshot, History, House, Identity, RpcCall, RpcReply};
use madang::http::live::{Live, LiveSettings};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct EmptyHouse;

impl House for EmptyHouse {
    fn identify(&self, token: &str) -> Result<Identity, Code> {
        let user = UserId::new(token.parse().map_err(|_| Code::TokenInvalid)?);
        let expires_at = Utc::now() + TimeDelta::hours(1);
        Ok(Identity { user, roles: vec![Role::User], session: Uuid::new_v4(), expires_at })
    }

    fn channel(&self, _: &str, _: Option<&Identity>) -> Result<ChannelRules, Code> {
        Ok(ChannelRules { join_leave: false, ..ChannelRules::OPEN })
    }

    fn snapshot(self: Arc<Self>, _: String, _: Option<Identity>) -> BoxFuture<'static, Result<ChannelSnapshot, Code>> {
        Box::pin(async { Err(Code::NotFound) })
    }

    fn history(self: Arc<Self>, _: String, _: u64, _: usize) -> BoxFuture<'static, Result<History, Code>> {
        Box::pin(async { Err(Code::NotFound) })
    }

    fn rpc(self: Arc<Self>, call: RpcCall, reply: RpcReply) {
        reply(Ok(call.data));
    }
}

/// Serves for ever.
pub fn serve(port: u16) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = LiveSettings {
            ping: Duration::ZERO,
            commands_per_s: 100_000,
            commands_burst: 1_000_000,
            sockets_per_user: u32::MAX,
            sockets_per_address: u32::MAX,
            ..LiveSettings::default()
        };
        let live = Live::start(Arc::new(EmptyHouse), Broker::new(BrokerSettings::default()), settings).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        let server = Server::build().workers(1).backlog(4096).listen("live", listener, move || {
            let (upgrades, routes) = (Arc::clone(&live), Arc::clone(&live));
            HttpService::build()
                .upgrade(fn_service(move |(request, framed)| Arc::clone(&upgrades).upgrade(request, framed)))
                .finish(map_config(App::new().configure(move |config| routes.routes(config)), |()| AppConfig::default()))
                .tcp()
        });
        server.unwrap().run().await.unwrap();
    });
}
