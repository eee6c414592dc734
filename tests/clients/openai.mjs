// OpenAI's official JavaScript library, unmodified, against our server. Usage: node openai.mjs BASE KEY, from a folder where
// the package is installed.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [base, key] = process.argv.slice(2);
const giveUp = setTimeout(() => { console.error('timed out'); process.exit(2); }, 120000);
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: key, maxRetries: 0 });
const model = 'running-coach';
const ask = (content) => ({ model, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content }] });
const TEXT = 'Breathe slowly through the nose [1]. 천천히.';

const models = [];
for await (const one of client.models.list()) models.push(one.id);
assert.deepEqual(models, ['asthma-guide', 'auction-help', 'running-coach']);
assert.equal((await client.models.retrieve(model)).id, model);

// Whole.
const whole = await client.chat.completions.create(ask('How do I breathe?'));
assert.equal(whole.choices[0].message.content, TEXT);
assert.equal(whole.choices[0].finish_reason, 'stop');
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
assert.equal(whole.madang.sources[0].title, 'Breathing 1');
assert.equal(whole.madang.claims[0].badge, 'grounded');

// Streamed, with usage.
const stream = await client.chat.completions.create({ ...ask('How do I breathe?'), stream: true, stream_options: { include_usage: true } });
let text = '';
let finish = null;
let usage = null;
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? '';
  finish = chunk.choices[0]?.finish_reason ?? finish;
  usage = chunk.usage ?? usage;
}
assert.deepEqual([text, finish], [TEXT, 'stop']);
assert.ok(usage.total_tokens > 0);

// The library's own helper puts chunks together.
const runner = client.chat.completions.stream(ask('How do I breathe?'));
assert.equal(await runner.finalContent(), TEXT);

// Faults.
await assert.rejects(client.chat.completions.create({ ...ask('Hi?'), model: 'gpt-x' }), (error) =>
  error instanceof OpenAI.NotFoundError && error.code === 'model_not_found' && error.param === 'model');
await assert.rejects(client.chat.completions.create({ ...ask('Hi?'), n: 2 }), (error) =>
  error instanceof OpenAI.BadRequestError && error.param === 'n');
const stranger = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'mdk-nobody', maxRetries: 0 });
await assert.rejects(stranger.models.list(), (error) => error instanceof OpenAI.AuthenticationError && error.code === 'invalid_api_key');
await assert.rejects(client.chat.completions.create(ask('Please fail?')), (error) =>
  error instanceof OpenAI.InternalServerError && error.status === 503 && error.code === 'model.unavailable');
const failing = await client.chat.completions.create({ ...ask('Please fail?'), stream: true });
await assert.rejects(async () => { for await (const _ of failing); }, (error) => error instanceof OpenAI.APIError);

// Who leaves ends the work.
const left = await client.chat.completions.create({ ...ask('Please wait?'), stream: true });
for await (const chunk of left) if (chunk.choices[0]?.delta?.content) break;

clearTimeout(giveUp);
console.log('openai ok');
process.exit(0);
