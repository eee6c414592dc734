"""The official Python client against our server: connect, subscribe, receive, rpc, presence, history, publish, be cut and
recover, be signed out. Usage: python3 client.py HOST:PORT"""

import asyncio
import sys

from centrifuge import CentrifugeError, Client, ClientEventHandler, ReplyError, SubscriptionEventHandler

ADDRESS = sys.argv[1]
CHANNEL = "auction:python"


class Session(ClientEventHandler):
    """Collects what happens to the connection."""

    def __init__(self):
        self.connected = asyncio.Queue()
        self.disconnected = asyncio.Queue()

    async def on_connected(self, ctx):
        await self.connected.put(ctx)

    async def on_disconnected(self, ctx):
        await self.disconnected.put(ctx)


class Watch(SubscriptionEventHandler):
    """Collects what happens to a subscription."""

    def __init__(self):
        self.subscribed = asyncio.Queue()
        self.unsubscribed = asyncio.Queue()
        self.publications = asyncio.Queue()
        self.joins = asyncio.Queue()

    async def on_subscribed(self, ctx):
        await self.subscribed.put(ctx)

    async def on_unsubscribed(self, ctx):
        await self.unsubscribed.put(ctx)

    async def on_publication(self, ctx):
        await self.publications.put(ctx.pub)

    async def on_join(self, ctx):
        await self.joins.put(ctx)


async def refused(call, code):
    """Awaits a call that must fail with that code."""
    try:
        await call
    except ReplyError as error:
        assert error.code == code, error
    else:
        raise AssertionError(f"not refused with {code}")


async def main():
    session, watch, lobby = Session(), Watch(), Watch()
    client = Client(
        f"ws://{ADDRESS}/connection/websocket",
        events=session,
        token="7",
        min_reconnect_delay=0.02,
        max_reconnect_delay=0.2,
        proxy=None,
    )
    await client.connect()
    first = await session.connected.get()

    sub = client.new_subscription(CHANNEL, events=watch)
    await sub.subscribe()
    snapshot = await watch.subscribed.get()
    assert snapshot.data == {"state": "live", "upto": 0, "mine": 7}, snapshot
    assert snapshot.recoverable and not snapshot.was_recovering
    for n in range(1, 4):
        said = await client.rpc("say", {"channel": CHANNEL, "data": {"n": n}})
        assert said.data == {"offset": n}

    assert (await client.rpc("echo", {"a": ["b", 1]})).data == {"a": ["b", 1]}
    await refused(client.rpc("no.such", {}), 104)
    await refused(client.rpc("busy", {}), 1080)

    lobby_sub = client.new_subscription("open:python", events=lobby, join_leave=True)
    await lobby_sub.subscribe()
    await lobby_sub.ready()
    assert (await lobby.joins.get()).info.client == first.client
    presence = await lobby_sub.presence()
    assert presence.clients[first.client].user == "7", presence
    stats = await lobby_sub.presence_stats()
    assert (stats.num_clients, stats.num_users) == (1, 1), stats
    await lobby_sub.publish({"hello": 1})
    publication = await lobby.publications.get()
    assert (publication.data, publication.offset, publication.info.client) == ({"hello": 1}, 1, first.client)
    history = await lobby_sub.history(limit=10)
    assert len(history.publications) == 1 and history.offset == 1, history

    async def be_cut():
        try:
            await client.rpc("cut", {"channel": CHANNEL, "from": 4, "upto": 8})
        except CentrifugeError:
            pass

    cut = asyncio.create_task(be_cut())
    await session.connected.get()
    back = await watch.subscribed.get()
    assert back.was_recovering and back.recovered, back
    await cut
    await client.rpc("say", {"channel": CHANNEL, "data": {"n": 9}})
    seen = [(pub.offset, pub.data) for pub in [await watch.publications.get() for _ in range(9)]]
    assert seen == [(n, {"n": n}) for n in range(1, 10)], seen

    async def sign_out():
        try:
            await client.rpc("sign_out", {})
        except CentrifugeError:
            pass

    leaving = asyncio.create_task(sign_out())
    assert (await session.disconnected.get()).code == 3503
    await leaving
    assert watch.publications.empty()
    print("python ok")


asyncio.run(asyncio.wait_for(main(), 120))
