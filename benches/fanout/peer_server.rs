//! The peer: one actix-web-actors session per socket and one lobby actor per thread, as in the framework's own chat example.

use std::net::TcpListener;

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message, Recipient, StreamHandler};
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer};
use actix_web_actors::ws;

#[derive(Message, Clone)]
#[rtype(result = "()")]
struct Publication(bytestring::ByteString);

#[derive(Message)]
#[rtype(result = "()")]
struct Join(Recipient<Publication>);

#[derive(Default)]
struct Lobby {
    sessions: Vec<Recipient<Publication>>,
    offset: u64,
}

impl Actor for Lobby {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(1 << 16);
    }
}

impl Handler<Join> for Lobby {
    type Result = ();
    fn handle(&mut self, Join(session): Join, _: &mut Context<Self>) {
        self.sessions.push(session);
    }
}

impl Handler<Publication> for Lobby {
    type Result = ();
    fn handle(&mut self, Publication(data): Publication, _: &mut Context<Self>) {
        self.offset += 1;
        let text = format!("{{\"push\":{{\"channel\":\"bench:1\",\"pub\":{{\"data\":{data},\"offset\":{}}}}}}}", self.offset);
        let publication = Publication(text.into());
        for session in &self.sessions {
            session.do_send(publication.clone());
        }
    }
}

struct Session {
    lobby: Addr<Lobby>,
}

impl Actor for Session {
    type Context = ws::WebsocketContext<Self>;
}

impl Handler<Publication> for Session {
    type Result = ();
    fn handle(&mut self, Publication(text): Publication, context: &mut Self::Context) {
        context.text(text);
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Session {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, context: &mut Self::Context) {
        match message {
            Ok(ws::Message::Text(text)) => {
                if let Some(at) = text.find("\"data\":") {
                    let data = text.get(at + 7..text.len() - 2).unwrap_or("null");
                    self.lobby.do_send(Publication(data.into()));
                } else if text.contains("subscribe") {
                    self.lobby.do_send(Join(context.address().recipient()));
                    context.text("{\"id\":2,\"subscribe\":{}}");
                }
            }
            Ok(_) => {}
            Err(_) => context.stop(),
        }
    }
}

async fn socket(lobby: Data<Addr<Lobby>>, request: HttpRequest, stream: web::Payload) -> Result<HttpResponse, Error> {
    ws::start(Session { lobby: lobby.get_ref().clone() }, &request, stream)
}

/// Serves for ever.
pub fn serve(port: u16) {
    actix_web::rt::System::new().block_on(async {
        let lobby = Data::new(Lobby::default().start());
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        let app = move || App::new().app_data(lobby.clone()).route("/connection/websocket", web::get().to(socket));
        HttpServer::new(app).workers(1).tcp_nodelay(true).listen(listener).unwrap().run().await.unwrap();
    });
}
