'use strict';
// Strings, keys, their time to live, sets, and walks over them.

const { ReplyError } = require('ioredis');
const { ANY_BYTES, about, check, equal, eventually, fails, holds } = require('../checks');

check('an empty store', async ({ client }) => {
  equal(await client.flushall(), 'OK');
  equal(await client.dbsize(), 0);
  equal(await client.randomkey(), null);
  equal(await client.get('absent'), null);
});

check('strings', async (p) => {
  const { client, away } = p;
  equal(await client.set('s', 'value'), 'OK');
  equal(await client.get('s'), 'value');
  equal(await client.append('s', '-more'), 10);
  equal(await client.strlen('s'), 10);
  equal(await client.getrange('s', 0, 4), 'value');
  equal(await client.setrange('s', 6, 'MORE'), 10);
  equal(await client.getset('s', '2'), 'value-MORE');
  equal(await client.incr('s'), 3);
  equal(await client.decrby('s', 5), -2);
  equal(await client.incrbyfloat('s', 0.5), '-1.5');
  equal(await client.getdel('s'), '-1.5');
  equal(await client.setnx('s', 'first'), 1);
  equal(await client.setnx('s', 'second'), 0);
  equal(await client.mset({ s: 'a', t: 'b', u: 'ü' }), 'OK');
  equal(await client.mget('s', 'none', 't', 'u'), ['a', null, 'b', 'ü']);
  equal(await away.mget(['s', 't', 'u']), ['a', 'b', 'ü']);
  const [first, second] = await p.together('msetnx', 2);
  equal(await client.msetnx(first, '1', second, '2'), 1);
  equal(await client.msetnx(first, '3', second, '4'), 0);
});

check('empty, binary and large values; any bytes as a key', async ({ client, away }) => {
  const large = Buffer.alloc(4 * 1024 * 1024, ANY_BYTES);
  for (const value of [Buffer.alloc(0), ANY_BYTES, Buffer.from('\r\n$5\r\n'), large]) {
    for (const key of [Buffer.from('value'), ANY_BYTES, Buffer.from([0xff, 0x80]), Buffer.from('\r\n'), Buffer.alloc(0)]) {
      equal(await client.set(key, value), 'OK');
      const came = await client.getBuffer(key);
      holds(came.equals(value), `the ${value.length} bytes that were stored, not ${came.length} others`);
      equal(await away.strlen(key), value.length);
      equal(await client.del(key), 1);
    }
  }
});

check('keys', async (p) => {
  const { client } = p;
  await client.flushall();
  const all = Array.from({ length: 20 }, (_, n) => `key:${n}`);
  await client.mset(Object.fromEntries(all.map((key) => [key, key])));
  equal(await client.exists(...all, 'none'), 20);
  equal(await client.touch('key:1', 'key:2', 'none'), 2);
  equal(await client.dbsize(), 20);
  holds(all.includes(await client.randomkey()), 'one of the keys');
  equal((await client.keys('key:1?')).sort(), all.slice(10));
  equal(await client.del('key:1', 'key:2', 'none'), 2);
  equal(await client.unlink('key:3', 'key:4', 'none'), 2);
  const [a, b] = await p.together('rename', 2);
  await client.set(a, 'x');
  equal(await client.rename(a, b), 'OK');
  equal(await client.copy(b, a), 1);
  equal(await client.copy(b, a), 0);
  equal(await client.copy(b, a, 'REPLACE'), 1);
  equal(await client.renamenx(a, b), 0);
  await fails(ReplyError, 'ERR no such key', client.rename('none', 'none'));
});

check('keyPrefix', async (p) => {
  const prefixed = await p.connect({ keyPrefix: 'prefix:' });
  await prefixed.mset('a', '1', 'b', '2');
  equal(await p.client.mget('prefix:a', 'prefix:b'), ['1', '2']);
  equal(await prefixed.del('a', 'b'), 2);
  await prefixed.quit();
});

check('types of keys', async ({ client }) => {
  await client.set('type-string', 'x');
  await client.sadd('type-set', 'x');
  equal(await client.type('type-string'), 'string');
  equal(await client.type('type-set'), 'set');
  equal(await client.type('type-none'), 'none');
  equal(await collected(client.scanStream({ match: 'type-*', type: 'set' })), ['type-set']);
  equal(await collected(client.scanStream({ match: 'type-*', type: 'string' })), ['type-string']);
});

check('SET with its options', async ({ client }) => {
  const seconds = Math.floor(Date.now() / 1000) + 1000;
  equal(await client.set('o', '1', 'NX'), 'OK');
  equal(await client.set('o', '2', 'NX'), null);
  equal(await client.set('o', '3', 'XX'), 'OK');
  equal(await client.set('o-none', '3', 'XX'), null);
  equal(await client.set('o', '4', 'GET'), '3');
  equal(await client.set('o', '5', 'EX', 100), 'OK');
  about(await client.ttl('o'), 100);
  equal(await client.set('o', '6', 'KEEPTTL'), 'OK');
  about(await client.ttl('o'), 100);
  equal(await client.set('o', '7'), 'OK');
  equal(await client.ttl('o'), -1);
  equal(await client.set('o', '8', 'PX', 100_000), 'OK');
  about((await client.pttl('o')) / 1000, 100);
  equal(await client.set('o', '9', 'EXAT', seconds), 'OK');
  equal(await client.expiretime('o'), seconds);
  equal(await client.set('o', '9', 'PXAT', seconds * 1000 + 1), 'OK');
  equal(await client.pexpiretime('o'), seconds * 1000 + 1);
  await fails(ReplyError, "ERR invalid expire time in 'set' command", client.set('o', '1', 'EX', -1));
});

check('SETEX, PSETEX and GETEX', async ({ client }) => {
  equal(await client.setex('e', 100, 'a'), 'OK');
  about(await client.ttl('e'), 100);
  equal(await client.psetex('e', 50_000, 'b'), 'OK');
  about(await client.ttl('e'), 50);
  equal(await client.getex('e', 'EX', 200), 'b');
  about(await client.ttl('e'), 200);
  equal(await client.getex('e', 'PX', 70_000), 'b');
  about(await client.ttl('e'), 70);
  equal(await client.getex('e'), 'b');
  about(await client.ttl('e'), 70);
  equal(await client.getex('e', 'PERSIST'), 'b');
  equal(await client.ttl('e'), -1);
  equal(await client.getex('e-none', 'EX', 1), null);
  await fails(ReplyError, "ERR invalid expire time in 'setex' command", client.setex('e', 0, 'x'));
});

check('EXPIRE with NX, XX, GT and LT', async ({ client }) => {
  equal(await client.expire('x-none', 10), 0);
  equal(await client.ttl('x-none'), -2);
  await client.set('x', '1');
  equal(await client.ttl('x'), -1);
  for (const [seconds, mode, done] of [
    [100, 'XX', 0], [100, 'GT', 0], [100, 'NX', 1], [200, 'NX', 0], [50, 'GT', 0], [200, 'GT', 1],
    [300, 'LT', 0], [50, 'LT', 1], [60, 'XX', 1],
  ]) {
    equal([seconds, mode, await client.expire('x', seconds, mode)], [seconds, mode, done]);
  }
  about(await client.ttl('x'), 60);
  equal(await client.pexpire('x', 50_000, 'LT'), 1);
  about(await client.ttl('x'), 50);
  equal(await client.persist('x'), 1);
  equal(await client.persist('x'), 0);
  const at = Math.floor(Date.now() / 1000) + 500;
  equal(await client.expireat('x', at), 1);
  equal(await client.expiretime('x'), at);
  equal(await client.pexpireat('x', at * 1000 + 7), 1);
  equal(await client.pexpiretime('x'), at * 1000 + 7);
  equal(await client.expire('x', -1), 1);
  equal(await client.exists('x'), 0);
});

check('what has expired is gone, on every node', async ({ client, away }) => {
  await client.set('gone', '1', 'PX', 40);
  await client.sadd('gone-set', '1');
  await client.pexpire('gone-set', 40);
  await eventually('the string is gone', async () => (await client.get('gone')) === null);
  await eventually('the set is gone', async () => (await away.exists('gone-set')) === 0);
  equal(await away.get('gone'), null);
  equal(await client.ttl('gone'), -2);
});

check('sets', async (p) => {
  const { client, away } = p;
  const a = 'set';
  equal(await client.sadd(a, '1', '2', '3'), 3);
  equal(await client.sadd(a, ['3', '4', '']), 2);
  equal(await client.sadd('set-bytes', ANY_BYTES), 1);
  equal(await client.smembersBuffer('set-bytes'), [ANY_BYTES]);
  equal(await client.srem(a, '', 'none'), 1);
  equal(await client.scard(a), 4);
  equal(sorted(await client.smembers(a)), ['1', '2', '3', '4']);
  equal(sorted(await away.smembers(a)), ['1', '2', '3', '4']);
  equal(await client.smembers('set-none'), []);
  equal(await client.sismember(a, '1'), 1);
  equal(await client.sismember(a, '9'), 0);
  equal(await client.smismember(a, '1', '9', '2'), [1, 0, 1]);
  equal(await client.srem(a, '1'), 1);
  holds(['2', '3', '4'].includes(await client.srandmember(a)), 'a member');
  equal((await client.srandmember(a, 2)).length, 2);
  equal((await client.srandmember(a, -10)).length, 10);
  holds(['2', '3', '4'].includes(await client.spop(a)), 'a member');
  equal((await client.spop(a, 5)).length, 2);
  equal(await client.exists(a), 0);
});

check('sscanStream', async ({ client }) => {
  const members = Array.from({ length: 1000 }, (_, n) => `member:${n}`);
  await client.sadd('sscan', members);
  equal(await collected(client.sscanStream('sscan')), sorted(members));
  const some = members.filter((member) => member.startsWith('member:1'));
  equal(await collected(client.sscanStream('sscan', { match: 'member:1*', count: 50 })), sorted(some));
  equal(await collected(client.sscanStream('sscan-none')), []);
});

check('scanStream', async ({ client, away }) => {
  await client.flushall();
  const keys = Array.from({ length: 1000 }, (_, n) => `scan:${n}`);
  await Promise.all([...keys, 'other'].map((key) => client.set(key, key)));
  equal(await collected(client.scanStream()), sorted([...keys, 'other']));
  equal(await collected(client.scanStream({ match: 'scan:*', count: 100 })), sorted(keys));
  const some = keys.filter((key) => key.startsWith('scan:99'));
  equal(await collected(away.scanStream({ match: 'scan:99*' })), sorted(some));
});

check('errors are rejected as ReplyError', async ({ client }) => {
  await client.sadd('error-set', '1');
  await client.set('error-string', 'x');
  const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';
  await fails(ReplyError, wrongType, client.get('error-set'));
  await fails(ReplyError, wrongType, client.sadd('error-string', '1'));
  await fails(ReplyError, 'ERR value is not an integer or out of range', client.incr('error-string'));
  await fails(ReplyError, "ERR unknown command 'NONSENSE'", client.call('NONSENSE'));
  await fails(ReplyError, "ERR wrong number of arguments for 'get' command", client.call('GET'));
  await fails(ReplyError, 'ERR syntax error', client.set('a', 'b', 'c'));
});

const crossing = async (p) => {
  const { client } = p;
  const [a, b] = await p.apart('crossing-command');
  await client.set(a, '1');
  await fails(ReplyError, 'CROSSSLOT', client.msetnx(a, '1', b, '2'));
  await fails(ReplyError, 'CROSSSLOT', client.rename(a, b));
  equal(await client.mget(a, b), ['1', null]);
};
check('MSETNX and RENAME over the keys of two owners are refused', crossing, ['triad']);

/** All that a stream of pages yields, once each. */
async function collected(pages) {
  const all = new Set();
  for await (const page of pages) {
    for (const one of page) all.add(one);
  }
  return sorted(all);
}

function sorted(many) {
  return [...many].sort();
}
