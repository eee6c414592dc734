//! Putting messages into the inboxes of actors.

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};

/// Puts a message into an actor's inbox, at once.
///
/// Nothing is refused here: what an entity has inside is bounded by its [gate](super::gate), which counts every sender
/// (the inbox's own limit counts each copy of the address apart), and what a supervisor keeps waiting by its own count.
#[expect(clippy::disallowed_methods, reason = "the one place that may: the gate is the bound")]
pub(super) fn put<A, M>(addr: &Addr<A>, message: M)
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    addr.do_send(message);
}
