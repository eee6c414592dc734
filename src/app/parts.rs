//! Everything there is in a server, made in the order in which one needs the other.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::chats::{self, Ground};
use super::chores::Chores;
use super::engine::{Everybody, start_engine};
use super::notices::Tellers;
use super::objects::Intakes;
use super::{BuildError, knowledge, llm, push, secret};
use crate::actors::alarm::mission::Missions;
use crate::actors::auction::cards::{self, Cards};
use crate::actors::broker::{Broker, BrokerSettings};
use crate::actors::campaign::pool::Pool;
use crate::actors::kernel::clock::Clock;
use crate::actors::kernel::{Engine, EngineSettings, Habits};
use crate::actors::raffle::codes::Codes;
use crate::actors::raffle::follow;
use crate::clients::mail::{LocalOutbox, Mailer, Smtp, SmtpSettings};
use crate::config::{MailSettings, RedisSettings, Settings};
use crate::http::accounts::{Accounts, AccountsParts, CookieSettings, PasswordCost, Passwords};
use crate::http::admin::Operations;
use crate::http::alarms::{Alarms, AlarmsParts};
use crate::http::api_keys::ApiKeys;
use crate::http::auctions::{Auctions, AuctionsParts};
use crate::http::auth::{Cut, Revocations, Tokens};
use crate::http::campaigns::Campaigns;
use crate::http::chats::ChatArea;
use crate::http::devices::Devices;
use crate::http::house::MadangHouse;
use crate::http::knowledge::Library;
use crate::http::limits::{Allowances, Limits};
use crate::http::live::{Live, LiveSettings};
use crate::http::pages::ContentPolicy;
use crate::http::raffles::{Raffles, RafflesParts};
use crate::http::rpc::Rpc;
use crate::http::wallet::Wallets;
use crate::http::{api, pages};
use crate::storage::Db;
use crate::storage::cache::{Cache, LocalCache, Rate, RedisCache};
use crate::telemetry;

/// The engine's share of the time that a stop may take; the sockets have the rest.
const STOP_SHARE: u32 = 2;

/// Everything there is.
pub(super) struct Parts {
    pub(super) accounts: Accounts,
    pub(super) alarms: Alarms,
    devices: Devices,
    pub(super) auctions: Auctions,
    pub(super) campaigns: Campaigns,
    pub(super) chats: ChatArea,
    pub(super) cards: Cards,
    pub(super) db: Db,
    pub(super) engine: Engine,
    pub(super) intakes: Intakes,
    pub(super) library: Library,
    pub(super) live: Arc<Live>,
    pub(super) operations: Operations,
    pub(super) raffles: Raffles,
    broker: Arc<Broker>,
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    metrics: PrometheusHandle,
    revocations: Arc<Revocations>,
    tokens: Tokens,
    wallets: Wallets,
}

/// Who people are: what commands of the operator need, too.
pub(super) struct Identity {
    pub(super) accounts: Accounts,
    cache: Arc<dyn Cache>,
    mailer: Arc<dyn Mailer>,
    revocations: Arc<Revocations>,
    tokens: Tokens,
}

impl Identity {
    pub(super) async fn build(settings: &Settings, clock: &Arc<dyn Clock>, db: &Db) -> Result<Self, BuildError> {
        let cache = cache(&settings.redis)?;
        let revocations = Arc::new(Revocations::default());
        let tokens = tokens(settings, &revocations, clock)?;
        let (mailer, outbox) = mail(&settings.mail, clock)?;
        let accounts = Accounts::start(AccountsParts {
            db: db.clone(),
            tokens: tokens.clone(),
            passwords: passwords(settings)?,
            mailer: Arc::clone(&mailer),
            outbox,
            cache: Arc::clone(&cache),
            cookie: cookie(&settings.http.public_url),
            refresh_for: chrono::Duration::days(i64::from(settings.auth.refresh_days)),
            clock: Arc::clone(clock),
        })
        .await?;
        Ok(Self { accounts, cache, mailer, revocations, tokens })
    }
}

impl Parts {
    pub(super) async fn build(settings: &Settings, clock: Arc<dyn Clock>, db: Db) -> Result<Self, BuildError> {
        let metrics = telemetry::metrics().map_err(|error| BuildError::Setting(error.to_string()))?;
        let identity = Identity::build(settings, &clock, &db).await?;
        let Identity { accounts, cache, mailer, revocations, tokens } = identity;
        let broker = Broker::new(broker_settings(settings));
        let everybody = Arc::new(Everybody::of(&broker));
        let push = Arc::new(push::build(&settings.push, &settings.database, &clock)?);
        let devices = Devices::new(db.pool().clone(), Arc::clone(&push), Arc::clone(&clock));
        let tellers = Tellers::new(db.clone(), mailer, push);
        let engine = start_engine(engine_settings(settings)?, &clock, &db, (everybody.clone(), tellers)).await?;
        let cards = cards::follow(engine.clone(), db.pool().clone(), Arc::clone(&everybody.auctions));
        let raffles = raffles(settings, &engine, &db, &clock, &everybody)?;
        let auctions = auctions(settings, &engine, &db, &cards, &clock, &broker);
        let pool = Pool::new(engine.clone(), db.pool().clone(), Arc::clone(&everybody.campaigns));
        pool.learn_owners().await?;
        let campaigns = Campaigns::new(engine.clone(), db.pool().clone(), pool.clone());
        let alarms = alarms(&engine, &db, &pool, &tokens, &clock);
        let rpc = Rpc::new(auctions.clone(), Arc::clone(&clock), Handle::current());
        let model = llm::build(&settings.llm)?;
        let intakes = Intakes::build(settings, &clock, &db, &engine, node_name(&settings.database.data_dir)?)?;
        let library = knowledge::library(&settings.knowledge, &clock, &db, &intakes)?;
        let chats = chats::build(
            settings,
            Ground { engine: &engine, db: &db, clock: &clock, broker: &broker, everybody: &everybody, model },
            Arc::new(library.knowledge.clone()),
        )?;
        let rpc =
            rpc.with_alarms(alarms.clone()).with_labels(pool).with_raffles(raffles.clone()).with_chats(chats.chats.clone());
        let house = MadangHouse::new(engine.clone(), auctions.clone(), tokens.clone(), rpc);
        let house = house.with_campaigns(campaigns.clone()).with_chats(chats.chats.clone());
        let live = Live::start(Arc::new(house), Arc::clone(&broker), live_settings(settings))?;
        cut_sockets_of_cut_sessions(&revocations, &live);
        let render = metrics.clone();
        let operations = Operations::new(db.clone(), Arc::clone(&clock), move || render.render());
        let wallets = Wallets::new(Arc::clone(engine.funds()), &settings.ledger.currencies);
        Ok(Self {
            accounts,
            alarms,
            devices,
            auctions,
            campaigns,
            chats,
            cards,
            db,
            engine,
            intakes,
            library,
            live,
            operations,
            broker,
            limits: limits(settings, &cache),
            cache,
            clock,
            raffles,
            metrics,
            revocations,
            tokens,
            wallets,
        })
    }

    /// What every worker thread of the HTTP server serves.
    pub(super) fn routes(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        let (accounts, alarms, auctions) = (self.accounts.clone(), self.alarms.clone(), self.auctions.clone());
        let (campaigns, chats) = (self.campaigns.clone(), self.chats.clone());
        let (tokens, limits, operations) = (self.tokens.clone(), self.limits.clone(), self.operations.clone());
        let devices = self.devices.clone();
        let keys = ApiKeys::new(self.db.pool().clone(), Arc::clone(&self.clock));
        let (live, engine, wallets) = (Arc::clone(&self.live), self.engine.clone(), self.wallets.clone());
        let raffles = self.raffles.clone();
        let (objects, uploads) = (self.intakes.objects.clone(), self.intakes.uploads.clone());
        let policy = ContentPolicy::new(objects.store().origin().as_deref());
        let library = self.library.clone();
        move |config| {
            config
                .app_data(web::Data::new(policy.clone()))
                .app_data(web::Data::new(objects.clone()))
                .app_data(web::Data::new(uploads.clone()))
                .app_data(web::Data::new(library.knowledge.clone()))
                .app_data(web::Data::new(library.clone()))
                .app_data(web::Data::new(accounts.clone()))
                .app_data(web::Data::new(alarms.clone()))
                .app_data(web::Data::new(devices.clone()))
                .app_data(web::Data::new(keys.clone()))
                .app_data(web::Data::new(auctions.clone()))
                .app_data(web::Data::new(campaigns.clone()))
                .app_data(web::Data::new(chats.clone()))
                .app_data(web::Data::new(tokens.clone()))
                .app_data(web::Data::new(limits.clone()))
                .app_data(web::Data::new(operations.clone()))
                .app_data(web::Data::new(engine.clone()))
                .app_data(web::Data::new(wallets.clone()))
                .app_data(web::Data::new(raffles.clone()))
                .configure(|config| live.routes(config))
                .configure(api::routes)
                .configure(pages::routes);
        }
    }

    pub(super) fn chores(&self) -> Chores {
        Chores {
            accounts: self.accounts.clone(),
            broker: Arc::clone(&self.broker),
            cache: Arc::clone(&self.cache),
            clock: Arc::clone(&self.clock),
            engine: self.engine.clone(),
            intake: self.intakes.intake(),
            metrics: self.metrics.clone(),
            revocations: Arc::clone(&self.revocations),
        }
    }
}

fn alarms(engine: &Engine, db: &Db, pool: &Pool, tokens: &Tokens, clock: &Arc<dyn Clock>) -> Alarms {
    Alarms::new(AlarmsParts {
        missions: Missions::new(engine.clone(), Arc::new(pool.clone())),
        db: db.pool().clone(),
        tokens: tokens.clone(),
        clock: Arc::clone(clock),
    })
}

fn auctions(
    settings: &Settings,
    engine: &Engine,
    db: &Db,
    cards: &Cards,
    clock: &Arc<dyn Clock>,
    broker: &Arc<Broker>,
) -> Auctions {
    let watched = Arc::clone(broker);
    Auctions::new(AuctionsParts {
        engine: engine.clone(),
        db: db.pool().clone(),
        cards: cards.clone(),
        clock: Arc::clone(clock),
        currencies: settings.ledger.currencies.clone(),
        viewers: Arc::new(move |channel| u64::try_from(watched.viewers(channel)).unwrap_or(u64::MAX)),
    })
}

fn raffles(
    settings: &Settings,
    engine: &Engine,
    db: &Db,
    clock: &Arc<dyn Clock>,
    everybody: &Everybody,
) -> Result<Raffles, BuildError> {
    let secret = secret::read_or_make(&settings.auth, &settings.database)?;
    let codes = Arc::new(Codes::new(&secret).map_err(|error| BuildError::Setting(error.to_string()))?);
    let follower = follow::follow(engine.clone(), Arc::clone(&codes), db.pool().clone(), Arc::clone(&everybody.raffles));
    let (engine, db, clock) = (engine.clone(), db.pool().clone(), Arc::clone(clock));
    Ok(Raffles::new(RafflesParts { engine, db, follower, codes, clock }))
}

fn cache(settings: &RedisSettings) -> Result<Arc<dyn Cache>, BuildError> {
    if settings.url.is_empty() {
        return Ok(Arc::new(LocalCache::default()));
    }
    let redis = RedisCache::new(settings).map_err(|error| BuildError::Setting(format!("redis.url cannot be used: {error}")))?;
    Ok(Arc::new(redis))
}

fn tokens(settings: &Settings, revocations: &Arc<Revocations>, clock: &Arc<dyn Clock>) -> Result<Tokens, BuildError> {
    let secret = secret::read_or_make(&settings.auth, &settings.database)?;
    let older = secret::previous(&settings.auth)?;
    let access_for = chrono::Duration::minutes(i64::from(settings.auth.access_minutes));
    Tokens::new(&secret, &older, access_for, Arc::clone(revocations), Arc::clone(clock))
        .map_err(|error| BuildError::Setting(format!("a key of [auth] cannot be used: {error}")))
}

fn passwords(settings: &Settings) -> Result<Passwords, BuildError> {
    let cost = PasswordCost { at_once: settings.auth.hashes_at_once, ..PasswordCost::default() };
    Passwords::new(cost).map_err(|error| BuildError::Setting(error.to_string()))
}

/// The mailer, and the outbox where people may read what it did not send.
fn mail(settings: &MailSettings, clock: &Arc<dyn Clock>) -> Result<(Arc<dyn Mailer>, Option<LocalOutbox>), BuildError> {
    if settings.smtp_url.is_empty() {
        let clock = Arc::clone(clock);
        let outbox = LocalOutbox::new(move || clock.now());
        return Ok((Arc::new(outbox.clone()), settings.outbox_page.then_some(outbox)));
    }
    let smtp = SmtpSettings { url: settings.smtp_url.clone(), from: settings.from.clone() };
    let smtp = Smtp::new(&smtp).map_err(|error| BuildError::Setting(error.to_string()))?;
    Ok((Arc::new(smtp), None))
}

fn cookie(public_url: &str) -> CookieSettings {
    let origin = public_url.trim_end_matches('/');
    CookieSettings { origin: (!origin.is_empty()).then(|| origin.to_owned()), secure: origin.starts_with("https:") }
}

fn broker_settings(settings: &Settings) -> BrokerSettings {
    let realtime = &settings.realtime;
    BrokerSettings { ring: realtime.ring, idle: Duration::from_secs(realtime.ring_idle_s), ..BrokerSettings::default() }
}

fn engine_settings(settings: &Settings) -> Result<EngineSettings, io::Error> {
    let engine = &settings.engine;
    let defaults = EngineSettings::default();
    Ok(EngineSettings {
        node: node_name(&settings.database.data_dir)?,
        addr: settings.http.bind.to_string(),
        permits: engine.permits,
        habits: Habits { snapshot_rows: engine.snapshot_every, ..defaults.habits },
        idle: Duration::from_secs(engine.idle_s),
        live: engine.max_active,
        loads: engine.loads,
        stop: Duration::from_millis(engine.stop_grace_ms) / STOP_SHARE,
        ..defaults
    })
}

/// The same after a restart, different on every machine: made at the first start, kept in the data directory.
fn node_name(data_dir: &Path) -> io::Result<String> {
    let path = data_dir.join("node");
    match std::fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
        Ok(_) => write_node_name(&path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => write_node_name(&path),
        Err(error) => Err(error),
    }
}

fn write_node_name(path: &Path) -> io::Result<String> {
    let name = format!("node-{}", Uuid::new_v4().simple());
    std::fs::write(path, &name)?;
    Ok(name)
}

fn live_settings(settings: &Settings) -> LiveSettings {
    let (realtime, limits) = (&settings.realtime, &settings.limits);
    LiveSettings {
        hubs: realtime.hub_count(),
        open_channels: realtime.open_channels,
        ping: Duration::from_secs(realtime.ping_s),
        pong: Duration::from_secs(realtime.pong_s),
        handshake: Duration::from_secs(realtime.handshake_s),
        frame: realtime.max_frame_bytes,
        commands_per_s: limits.commands_per_second,
        commands_burst: limits.commands_burst,
        in_flight: realtime.in_flight,
        subscriptions: realtime.subscriptions,
        sockets_per_user: limits.sockets_per_user,
        sockets_per_address: limits.sockets_per_address,
        trusted_proxies: settings.http.trusted_proxies.clone(),
        queue: realtime.queue_bytes,
        stall: Duration::from_secs(realtime.stall_s),
        recover: realtime.recover_reach,
        ..LiveSettings::default()
    }
}

/// A cut session's sockets are cut at once: signed out they stay away, with changed roles they come back with a fresh token.
fn cut_sockets_of_cut_sessions(revocations: &Revocations, live: &Arc<Live>) {
    let live = Arc::downgrade(live);
    revocations.on_cut(Box::new(move |session, cut| {
        let Some(live) = live.upgrade() else { return };
        match cut {
            Cut::Revoked => live.cut_session(session),
            Cut::Stale { .. } => live.expire_session(session),
        }
    }));
}

fn limits(settings: &Settings, cache: &Arc<dyn Cache>) -> Limits {
    let limits = &settings.limits;
    let allowances = Allowances {
        requests_per_address: Rate::per_minute(limits.requests_per_address),
        requests_per_user: Rate::per_minute(limits.requests_per_user),
        sign_ins_per_address: Rate::per_minute(limits.sign_ins_per_address),
    };
    let proxies = settings.http.trusted_proxies.clone();
    let trusted = move |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    Limits::new(Arc::clone(cache), allowances, Arc::new(trusted), limits.exempt_loopback)
}
