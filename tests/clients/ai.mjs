// The AI SDK's own chat transport, unmodified, against our server: asks, leaves in mid-answer, resumes, stops. Usage: node
// ai.mjs BASE KEY, from a folder where the package is installed.
import assert from 'node:assert/strict';
import { DefaultChatTransport, readUIMessageStream } from 'ai';

const [base, key] = process.argv.slice(2);
const giveUp = setTimeout(() => { console.error('timed out'); process.exit(2); }, 120000);
const api = `${base}/api/ai/chat`;
const headers = { authorization: `Bearer ${key}` };
const transport = new DefaultChatTransport({ api, headers, body: { assistant: 'running-coach' } });
const TEXT = 'Breathe slowly through the nose [1]. 천천히.';
let next = 0;
const question = (text) => ({ id: `m${(next += 1)}`, role: 'user', parts: [{ type: 'text', text }] });
const send = (chatId, messages, abortSignal) =>
  transport.sendMessages({ chatId, messages, trigger: 'submit-message', messageId: undefined, abortSignal });
const textOf = (message) => message.parts.filter((part) => part.type === 'text').map((part) => part.text).join('');

/** The message that a stream makes. */
async function last(stream) {
  let message;
  for await (const state of readUIMessageStream({ stream })) message = state;
  return message;
}

// A whole answer, with its sources.
const first = question('How do I breathe?');
const message = await last(await send('chat-a', [first]));
assert.equal(message.role, 'assistant');
assert.equal(textOf(message), TEXT);
assert.deepEqual(message.parts.filter((part) => part.type === 'source-url').map((part) => part.title), ['Breathing 1', 'Breathing 2']);
const claims = message.parts.filter((part) => part.type === 'data-claims').flatMap((part) => part.data);
assert.equal(claims[0].badge, 'grounded');
assert.equal(await transport.reconnectToStream({ chatId: 'chat-a' }), null, 'nothing is being written');
assert.equal(await transport.reconnectToStream({ chatId: 'chat-never' }), null);

// Leaving does not end it: coming back tells all of it, from the beginning.
const cut = new AbortController();
const slow = await send('chat-a', [first, message, question('Please wait?')], cut.signal);
const reader = slow.getReader();
for (;;) {
  const { value } = await reader.read();
  if (value.type === 'text-delta') break;
}
cut.abort();
const back = await transport.reconnectToStream({ chatId: 'chat-a' });
const follower = back.getReader();
let heard = '';
while (!heard.startsWith('Wait')) {
  const { value } = await follower.read();
  if (value.type === 'text-delta') heard += value.delta;
}
const stopped = await fetch(`${api}/chat-a/stop`, { method: 'POST', headers });
assert.deepEqual(await stopped.json(), { stopped: true });
let kind;
for (;;) {
  const { done, value } = await follower.read();
  if (done) break;
  kind = value.type;
}
assert.equal(kind, 'abort', 'what was said is kept, and the end says why');

// Faults.
const failed = await send('chat-b', [question('Please fail?')]);
const kinds = [];
for (const reading = failed.getReader(); ;) {
  const { done, value } = await reading.read();
  if (done) break;
  kinds.push(value.type);
}
assert.ok(kinds.includes('error'));
const nobody = new DefaultChatTransport({ api });
await assert.rejects(nobody.sendMessages({ chatId: 'x', messages: [question('Hi?')], trigger: 'submit-message' }));

clearTimeout(giveUp);
console.log('ai ok');
process.exit(0);
