'use strict';
// Pipelines, transactions, and the errors in them.

const { ReplyError } = require('ioredis');
const { check, equal, fails, holds } = require('../checks');

check('requests of one turn, sent together', async (p) => {
  const client = await p.connect({ enableAutoPipelining: true });
  const numbers = Array.from({ length: 2000 }, (_, n) => n);
  const stored = await Promise.all(numbers.map((n) => client.set(`pipe:${n}`, `${n}`)));
  equal(stored, numbers.map(() => 'OK'));
  const found = await Promise.all(numbers.map((n) => client.get(`pipe:${n}`)));
  equal(found, numbers.map(String));
  await client.quit();
});

check('a pipeline', async ({ client }) => {
  const replies = await client.pipeline().set('pipe', 'text').incr('pipe').get('pipe').exec();
  equal([replies[0], replies[2]], [[null, 'OK'], [null, 'text']]);
  holds(replies[1][0] instanceof ReplyError, 'an error');
  equal(replies[1][0].message, 'ERR value is not an integer or out of range');
});

check('a transaction, as multi() makes it', async (p) => {
  const { client } = p;
  const [a, b, none] = await p.together('tx', 3);
  const replies = await client.multi().set(a, '1').incr(a).sadd(b, 'x').ttl(a).get(none).exec();
  equal(replies, [[null, 'OK'], [null, 2], [null, 1], [null, -1], [null, null]]);
  const mixed = await client.multi().set(a, 'text').incr(a).get(a).exec();
  equal([mixed[0], mixed[2]], [[null, 'OK'], [null, 'text']]);
  holds(mixed[1][0] instanceof ReplyError, 'an error');
  equal(mixed[1][0].message, 'ERR value is not an integer or out of range');
});

check('a transaction without pipelining', async (p) => {
  const [a] = await p.together('by-hand', 1);
  const client = await p.connect();
  equal(await client.multi({ pipeline: false }), 'OK');
  equal(await client.set(a, '1'), 'QUEUED');
  equal(await client.exec(), [[null, 'OK']]);
  await client.multi({ pipeline: false });
  equal(await client.set(a, '2'), 'QUEUED');
  equal(await client.discard(), 'OK');
  equal(await client.get(a), '1');
  await fails(ReplyError, 'ERR EXEC without MULTI', client.exec());
  await fails(ReplyError, 'ERR DISCARD without MULTI', client.discard());
  await client.quit();
});

check('a transaction that is refused while it is queued leaves nothing', async (p) => {
  const [a] = await p.together('refused', 1);
  const abort = 'EXECABORT Transaction discarded because of previous errors.';
  await fails(ReplyError, abort, p.client.multi().set(a, '1').call('GET').exec());
  equal(await p.client.get(a), null);
});

check('WATCH', async (p) => {
  const [a, b] = await p.together('watch', 2);
  const client = await p.connect();
  equal(await client.watch(a, b), 'OK');
  equal(await client.multi().set(a, 'mine').exec(), [[null, 'OK']]);
  for (const write of [() => p.away.set(a, 'theirs'), () => p.client.del(a), () => p.client.sadd(b, '1')]) {
    await client.watch(a, b);
    await write();
    equal(await client.multi().set(a, 'mine').exec(), null);
  }
  equal(await client.get(a), null);
  await client.watch(a);
  await p.away.set(a, 'theirs');
  equal(await client.unwatch(), 'OK');
  equal(await client.multi().get(a).exec(), [[null, 'theirs']]);
  await client.quit();
});

const crossing = async (p) => {
  const [a, b, ...owners] = await p.apart('crossing');
  for (const part of ['EXECABORT', ...owners]) {
    await fails(ReplyError, part, p.client.multi().set(a, '1').set(b, '1').exec());
  }
  equal(await p.client.exists(a, b), 0);
};
check('a transaction over the keys of two owners is refused as a whole', crossing, ['triad']);
