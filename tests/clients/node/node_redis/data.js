'use strict';
// Strings, keys, their time to live, sets, and walks over them.

const { ErrorReply, SimpleError } = require('redis');
const { ANY_BYTES, about, check, equal, eventually, fails, holds } = require('../checks');

check('an empty store', async ({ client }) => {
  equal(await client.flushAll(), 'OK');
  equal(await client.dbSize(), 0);
  equal(await client.randomKey(), null);
  equal(await client.get('absent'), null);
});

check('strings', async (p) => {
  const { client, away } = p;
  equal(await client.set('s', 'value'), 'OK');
  equal(await client.get('s'), 'value');
  equal(await client.append('s', '-more'), 10);
  equal(await client.strLen('s'), 10);
  equal(await client.getRange('s', 0, 4), 'value');
  equal(await client.setRange('s', 6, 'MORE'), 10);
  equal(await client.getSet('s', '2'), 'value-MORE');
  equal(await client.incr('s'), 3);
  equal(await client.decrBy('s', 5), -2);
  equal(await client.incrByFloat('s', 0.5), '-1.5');
  equal(await client.getDel('s'), '-1.5');
  equal(await client.setNX('s', 'first'), 1);
  equal(await client.setNX('s', 'second'), 0);
  equal(await client.mSet({ s: 'a', t: 'b', u: 'ü' }), 'OK');
  equal(await client.mGet(['s', 'none', 't', 'u']), ['a', null, 'b', 'ü']);
  equal(await away.mGet(['s', 't', 'u']), ['a', 'b', 'ü']);
  const [first, second] = await p.together('msetnx', 2);
  equal(await client.mSetNX([first, '1', second, '2']), 1);
  equal(await client.mSetNX([first, '3', second, '4']), 0);
});

check('empty, binary and large values; any bytes as a key', async ({ client, bytes, away }) => {
  const large = Buffer.alloc(4 * 1024 * 1024, ANY_BYTES);
  for (const value of [Buffer.alloc(0), ANY_BYTES, Buffer.from('\r\n$5\r\n'), large]) {
    for (const key of [Buffer.from('value'), ANY_BYTES, Buffer.from([0xff, 0x80]), Buffer.from('\r\n'), Buffer.alloc(0)]) {
      equal(await client.set(key, value), 'OK');
      const came = await bytes.get(key);
      holds(came.equals(value), `the ${value.length} bytes that were stored, not ${came.length} others`);
      equal(await away.strLen(key), value.length);
      equal(await client.del(key), 1);
    }
  }
});

check('keys', async (p) => {
  const { client } = p;
  await client.flushAll();
  const all = Array.from({ length: 20 }, (_, n) => `key:${n}`);
  await client.mSet(all.map((key) => [key, key]));
  equal(await client.exists([...all, 'none']), 20);
  equal(await client.touch(['key:1', 'key:2', 'none']), 2);
  equal(await client.dbSize(), 20);
  holds(all.includes(await client.randomKey()), 'one of the keys');
  equal((await client.keys('key:1?')).sort(), all.slice(10));
  equal(await client.del(['key:1', 'key:2', 'none']), 2);
  equal(await client.unlink(['key:3', 'key:4', 'none']), 2);
  const [a, b] = await p.together('rename', 2);
  await client.set(a, 'x');
  equal(await client.rename(a, b), 'OK');
  equal(await client.copy(b, a), 1);
  equal(await client.copy(b, a), 0);
  equal(await client.copy(b, a, { REPLACE: true }), 1);
  equal(await client.renameNX(a, b), 0);
  await fails(SimpleError, 'ERR no such key', client.rename('none', 'none'));
});

check('types of keys', async ({ client }) => {
  await client.set('type-string', 'x');
  await client.sAdd('type-set', 'x');
  equal(await client.type('type-string'), 'string');
  equal(await client.type('type-set'), 'set');
  equal(await client.type('type-none'), 'none');
  equal(await collected(client.scanIterator({ MATCH: 'type-*', TYPE: 'set' })), ['type-set']);
  equal(await collected(client.scanIterator({ MATCH: 'type-*', TYPE: 'string' })), ['type-string']);
});

check('SET with its options', async ({ client }) => {
  const seconds = Math.floor(Date.now() / 1000) + 1000;
  equal(await client.set('o', '1', { condition: 'NX' }), 'OK');
  equal(await client.set('o', '2', { condition: 'NX' }), null);
  equal(await client.set('o', '3', { condition: 'XX' }), 'OK');
  equal(await client.set('o-none', '3', { condition: 'XX' }), null);
  equal(await client.set('o', '4', { GET: true }), '3');
  equal(await client.set('o', '5', { expiration: { type: 'EX', value: 100 } }), 'OK');
  about(await client.ttl('o'), 100);
  equal(await client.set('o', '6', { expiration: 'KEEPTTL' }), 'OK');
  about(await client.ttl('o'), 100);
  equal(await client.set('o', '7'), 'OK');
  equal(await client.ttl('o'), -1);
  equal(await client.set('o', '8', { expiration: { type: 'PX', value: 100_000 } }), 'OK');
  about((await client.pTTL('o')) / 1000, 100);
  equal(await client.set('o', '9', { expiration: { type: 'EXAT', value: seconds } }), 'OK');
  equal(await client.expireTime('o'), seconds);
  equal(await client.set('o', '9', { expiration: { type: 'PXAT', value: seconds * 1000 + 1 } }), 'OK');
  equal(await client.pExpireTime('o'), seconds * 1000 + 1);
  const negative = client.set('o', '1', { expiration: { type: 'EX', value: -1 } });
  await fails(SimpleError, "ERR invalid expire time in 'set' command", negative);
});

check('SETEX, PSETEX and GETEX', async ({ client }) => {
  equal(await client.setEx('e', 100, 'a'), 'OK');
  about(await client.ttl('e'), 100);
  equal(await client.pSetEx('e', 50_000, 'b'), 'OK');
  about(await client.ttl('e'), 50);
  equal(await client.getEx('e', { type: 'EX', value: 200 }), 'b');
  about(await client.ttl('e'), 200);
  equal(await client.getEx('e', { type: 'PX', value: 70_000 }), 'b');
  about(await client.ttl('e'), 70);
  equal(await client.getEx('e', { type: 'PERSIST' }), 'b');
  equal(await client.ttl('e'), -1);
  equal(await client.getEx('e-none', { type: 'EX', value: 1 }), null);
  await fails(SimpleError, "ERR invalid expire time in 'setex' command", client.setEx('e', 0, 'x'));
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
  equal(await client.pExpire('x', 50_000), 1);
  about(await client.ttl('x'), 50);
  equal(await client.persist('x'), 1);
  equal(await client.persist('x'), 0);
  const at = Math.floor(Date.now() / 1000) + 500;
  equal(await client.expireAt('x', at), 1);
  equal(await client.expireTime('x'), at);
  equal(await client.pExpireAt('x', at * 1000 + 7), 1);
  equal(await client.pExpireTime('x'), at * 1000 + 7);
  equal(await client.expire('x', -1), 1);
  equal(await client.exists('x'), 0);
});

check('what has expired is gone, on every node', async ({ client, away }) => {
  await client.set('gone', '1', { expiration: { type: 'PX', value: 40 } });
  await client.sAdd('gone-set', '1');
  await client.pExpire('gone-set', 40);
  await eventually('the string is gone', async () => (await client.get('gone')) === null);
  await eventually('the set is gone', async () => (await away.exists('gone-set')) === 0);
  equal(await away.get('gone'), null);
  equal(await client.ttl('gone'), -2);
});

check('sets', async (p) => {
  const { client, away, bytes } = p;
  const a = 'set';
  equal(await client.sAdd(a, ['1', '2', '3']), 3);
  equal(await client.sAdd(a, ['3', '4', '']), 2);
  equal(await client.sAdd('set-bytes', ANY_BYTES), 1);
  equal([...(await bytes.sMembers('set-bytes'))], [ANY_BYTES]);
  equal(await client.sRem(a, ['', 'none']), 1);
  equal(await client.sCard(a), 4);
  equal(sorted(await client.sMembers(a)), ['1', '2', '3', '4']);
  equal(sorted(await away.sMembers(a)), ['1', '2', '3', '4']);
  equal(sorted(await client.sMembers('set-none')), []);
  equal(await client.sIsMember(a, '1'), 1);
  equal(await client.sIsMember(a, '9'), 0);
  equal(await client.smIsMember(a, ['1', '9', '2']), [1, 0, 1]);
  equal(await client.sRem(a, '1'), 1);
  holds(['2', '3', '4'].includes(await client.sRandMember(a)), 'a member');
  equal((await client.sRandMemberCount(a, 2)).length, 2);
  equal((await client.sRandMemberCount(a, -10)).length, 10);
  holds(['2', '3', '4'].includes(await client.sPop(a)), 'a member');
  equal((await client.sPopCount(a, 5)).length, 2);
  equal(await client.exists(a), 0);
});

check('sScanIterator', async ({ client }) => {
  const members = Array.from({ length: 1000 }, (_, n) => `member:${n}`);
  await client.sAdd('sscan', members);
  equal(await collected(client.sScanIterator('sscan')), sorted(members));
  const some = members.filter((member) => member.startsWith('member:1'));
  equal(await collected(client.sScanIterator('sscan', { MATCH: 'member:1*', COUNT: 50 })), sorted(some));
  equal(await collected(client.sScanIterator('sscan-none')), []);
});

check('scanIterator', async ({ client, away }) => {
  await client.flushAll();
  const keys = Array.from({ length: 1000 }, (_, n) => `scan:${n}`);
  await Promise.all([...keys, 'other'].map((key) => client.set(key, key)));
  equal(await collected(client.scanIterator()), sorted([...keys, 'other']));
  equal(await collected(client.scanIterator({ MATCH: 'scan:*', COUNT: 100 })), sorted(keys));
  const some = keys.filter((key) => key.startsWith('scan:99'));
  equal(await collected(away.scanIterator({ MATCH: 'scan:99*' })), sorted(some));
});

check('errors are rejected as their own class', async ({ client }) => {
  await client.sAdd('error-set', '1');
  await client.set('error-string', 'x');
  const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';
  await fails(SimpleError, wrongType, client.get('error-set'));
  await fails(SimpleError, wrongType, client.sAdd('error-string', '1'));
  await fails(SimpleError, 'ERR value is not an integer or out of range', client.incr('error-string'));
  await fails(SimpleError, "ERR unknown command 'NONSENSE'", client.sendCommand(['NONSENSE']));
  await fails(SimpleError, "ERR wrong number of arguments for 'get' command", client.sendCommand(['GET']));
  await fails(SimpleError, 'ERR syntax error', client.sendCommand(['SET', 'a', 'b', 'c']));
  holds(SimpleError.prototype instanceof ErrorReply, 'all of them as ErrorReply');
});

const crossing = async (p) => {
  const { client } = p;
  const [a, b] = await p.apart('crossing-command');
  await client.set(a, '1');
  await fails(SimpleError, 'CROSSSLOT', client.mSetNX([a, '1', b, '2']));
  await fails(SimpleError, 'CROSSSLOT', client.rename(a, b));
  equal(await client.mGet([a, b]), ['1', null]);
};
check('MSETNX and RENAME over the keys of two owners are refused', crossing, ['triad']);

/** All that an iterator of pages yields, once each. */
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
