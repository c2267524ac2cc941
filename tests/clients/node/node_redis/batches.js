'use strict';
// Pipelines, transactions, and the errors in them.

const { MultiErrorReply, SimpleError, WatchError } = require('redis');
const { check, equal, fails, holds } = require('../checks');

check('requests of one turn, sent together', async ({ client }) => {
  const numbers = Array.from({ length: 2000 }, (_, n) => n);
  const stored = await Promise.all(numbers.map((n) => client.set(`pipe:${n}`, `${n}`)));
  equal(stored, numbers.map(() => 'OK'));
  const found = await Promise.all(numbers.map((n) => client.get(`pipe:${n}`)));
  equal(found, numbers.map(String));
});

check('a pipeline without a transaction', async ({ client }) => {
  equal(await client.multi().set('pipe', '1').incr('pipe').get('pipe').execAsPipeline(), ['OK', 2, '2']);
  const pipeline = client.multi().set('pipe', 'text').incr('pipe').append('pipe', '!').execAsPipeline();
  await fails(SimpleError, 'ERR value is not an integer or out of range', pipeline);
  equal(await client.get('pipe'), 'text!');
});

check('a transaction, as multi() makes it', async (p) => {
  const { client } = p;
  const [a, b, none] = await p.together('tx', 3);
  const replies = await client.multi().set(a, '1').incr(a).sAdd(b, 'x').ttl(a).get(none).exec();
  equal(replies, ['OK', 2, 1, -1, null]);
  const mixed = await rejected(client.multi().set(a, 'text').incr(a).get(a).exec());
  equal([mixed[0], mixed[2]], ['OK', 'text']);
  equal(mixed[1].constructor, SimpleError);
  holds(mixed[1].message.includes('value is not an integer or out of range'), mixed[1].message);
});

/** The replies of a batch in which a request failed. */
async function rejected(batch) {
  try {
    await batch;
  } catch (error) {
    if (error.constructor === MultiErrorReply) return error.replies;
    throw error;
  }
  throw new Error('expected MultiErrorReply');
}

check('a transaction that is refused while it is queued leaves nothing', async (p) => {
  const [a] = await p.together('refused', 1);
  const arity = "ERR wrong number of arguments for 'get' command";
  await fails(SimpleError, arity, p.client.multi().set(a, '1').addCommand(['GET']).exec());
  equal(await p.client.get(a), null);
  // The library rejects with the first error that it gets. What EXEC answers comes after it.
  const client = await p.connect();
  equal(await client.sendCommand(['MULTI']), 'OK');
  equal(await client.sendCommand(['SET', a, '1']), 'QUEUED');
  await fails(SimpleError, arity, client.sendCommand(['GET']));
  const abort = 'EXECABORT Transaction discarded because of previous errors.';
  await fails(SimpleError, abort, client.sendCommand(['EXEC']));
  await client.close();
  equal(await p.client.get(a), null);
});

check('MULTI and DISCARD by hand', async (p) => {
  const [a] = await p.together('discarded', 1);
  const client = await p.connect();
  const words = [['MULTI'], ['SET', a, '1'], ['DISCARD'], ['GET', a]];
  equal(await Promise.all(words.map((one) => client.sendCommand(one))), ['OK', 'QUEUED', 'OK', null]);
  await fails(SimpleError, 'ERR EXEC without MULTI', client.sendCommand(['EXEC']));
  await fails(SimpleError, 'ERR DISCARD without MULTI', client.sendCommand(['DISCARD']));
  await client.close();
});

check('WATCH', async (p) => {
  const [a, b] = await p.together('watch', 2);
  const client = await p.connect();
  equal(await client.watch([a, b]), 'OK');
  equal(await client.multi().set(a, 'mine').exec(), ['OK']);
  for (const write of [() => p.away.set(a, 'theirs'), () => p.client.del(a), () => p.client.sAdd(b, '1')]) {
    await client.watch([a, b]);
    await write();
    await fails(WatchError, 'One (or more) of the watched keys has been changed', client.multi().set(a, 'mine').exec());
  }
  equal(await client.get(a), null);
  await client.watch(a);
  await p.away.set(a, 'theirs');
  equal(await client.unwatch(), 'OK');
  equal(await client.multi().get(a).exec(), ['theirs']);
  await client.close();
});

const crossing = async (p) => {
  const [a, b, ...owners] = await p.apart('crossing');
  for (const part of ['EXECABORT', ...owners]) {
    await fails(SimpleError, part, p.client.multi().set(a, '1').set(b, '1').exec());
  }
  equal(await p.client.exists([a, b]), 0);
};
check('a transaction over the keys of two owners is refused as a whole', crossing, ['triad']);
