// The official JavaScript client against our server: connect, subscribe, receive, rpc, presence, history, publish, be cut and
// recover, be signed out. Usage: node client.cjs websocket|sse|http_stream HOST:PORT MODULES
'use strict';
const assert = require('node:assert/strict');
const { createRequire } = require('node:module');

const [transport, address, modules] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { Centrifuge } = load('centrifuge');
const WebSocket = load('ws');
const { EventSource } = load('eventsource');

const giveUp = setTimeout(() => { console.error('timed out'); process.exit(2); }, 120000);

/** The next event of that name. */
const once = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve));

async function main() {
  const paths = { websocket: 'ws', sse: 'http', http_stream: 'http' };
  const client = new Centrifuge([{ transport, endpoint: `${paths[transport]}://${address}/connection/${transport}` }], {
    token: '7',
    websocket: WebSocket,
    eventsource: EventSource,
    emulationEndpoint: `http://${address}/emulation`,
    minReconnectDelay: 20,
    maxReconnectDelay: 200,
  });
  client.on('error', (ctx) => console.error('error', JSON.stringify(ctx)));

  const connected = once(client, 'connected');
  client.connect();
  const first = await connected;
  assert.equal(first.transport, transport);
  assert.match(first.client, /^[0-9a-f-]{36}$/);

  // A live thing: its snapshot, then its publications.
  const channel = `auction:${transport.length}`;
  const sub = client.newSubscription(channel);
  const seen = [];
  sub.on('publication', (ctx) => { assert.equal(ctx.data.n, ctx.offset); seen.push(ctx.offset); });
  const subscribed = once(sub, 'subscribed');
  sub.subscribe();
  const snapshot = await subscribed;
  assert.deepEqual(snapshot.data, { state: 'live', upto: 0, mine: 7 });
  assert.equal(snapshot.recoverable, true);
  assert.equal(snapshot.wasRecovering, false);
  for (let n = 1; n <= 3; n += 1) {
    const said = await client.rpc('say', { channel, data: { n } });
    assert.equal(said.data.offset, n);
  }

  // Calls, and their errors.
  assert.deepEqual((await client.rpc('echo', { a: ['b', 1] })).data, { a: ['b', 1] });
  await assert.rejects(client.rpc('no.such', {}), { code: 104 });
  await assert.rejects(client.rpc('busy', {}), { code: 1080, temporary: true });
  await client.send({ anything: 1 });
  const forbidden = client.newSubscription('user:8');
  const refused = once(forbidden, 'unsubscribed');
  forbidden.subscribe();
  assert.equal((await refused).code, 103);

  // An open channel: presence, publishing, history.
  const open = client.newSubscription(`open:${transport}`, { joinLeave: true });
  const joined = once(open, 'join');
  open.subscribe();
  await open.ready();
  assert.equal((await joined).info.client, first.client);
  const presence = await open.presence();
  assert.equal(presence.clients[first.client].user, '7');
  assert.deepEqual(await open.presenceStats(), { numClients: 1, numUsers: 1 });
  const heard = once(open, 'publication');
  await open.publish({ hello: 1 });
  const publication = await heard;
  assert.deepEqual([publication.data, publication.offset, publication.info.client], [{ hello: 1 }, 1, first.client]);
  const history = await open.history({ limit: 10 });
  assert.equal(history.publications.length, 1);
  assert.equal(history.offset, 1);

  // Cut by the server while five more are published: it comes back by itself and has missed nothing.
  const again = once(client, 'connected');
  const recovered = once(sub, 'subscribed');
  client.rpc('cut', { channel, from: 4, upto: 8 }).catch(() => {});
  await again;
  const back = await recovered;
  assert.deepEqual([back.wasRecovering, back.recovered, back.hasRecoveredPublications], [true, true, true]);
  await client.rpc('say', { channel, data: { n: 9 } });
  while (seen.at(-1) !== 9) await once(sub, 'publication');
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9]);

  await sub.unsubscribe();
  const ended = once(client, 'disconnected');
  client.rpc('sign_out', {}).catch(() => {});
  assert.equal((await ended).code, 3503);
  clearTimeout(giveUp);
  console.log(`${transport} ok`);
  process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(1); });
