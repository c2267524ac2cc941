'use strict';
// What a server sends unasked: messages and keyspace notifications.

const { ANY_BYTES, Inbox, check, equal, eventually } = require('../checks');

check('messages, published through another node', async (p) => {
  const subscriber = await p.connect();
  const news = new Inbox();
  const matching = new Inbox();
  await subscriber.subscribe('news', (text, channel) => news.put(text, channel));
  await subscriber.subscribe('bytes', (text, channel) => news.put(text, channel), true);
  await subscriber.pSubscribe('ne?s*', (text, channel) => matching.put(text, channel));
  equal((await p.away.pubSubChannels()).sort(), ['bytes', 'news']);
  equal(await p.away.pubSubChannels('new*'), ['news']);
  equal({ ...(await p.away.pubSubNumSub(['news', 'none'])) }, { news: 1, none: 0 });
  equal(await p.away.pubSubNumPat(), 1);
  equal(await p.away.publish('news', 'größer'), 2);
  equal(await news.take(), ['größer', 'news']);
  equal(await matching.take(), ['größer', 'news']);
  equal(await p.away.publish('bytes', ANY_BYTES), 1);
  equal(await news.take(), [ANY_BYTES, Buffer.from('bytes')]);
  for (let n = 0; n < 100; n += 1) equal(await p.away.publish('news', `${n}`), 2);
  for (let n = 0; n < 100; n += 1) equal(await news.take(), [`${n}`, 'news']);
  // What comes in RESP2 while there are subscriptions is the word inside a message.
  equal((await subscriber.ping()).toLowerCase(), 'pong');
  await subscriber.unsubscribe('news');
  equal(await p.away.publish('news', 'x'), 1);
  await subscriber.pUnsubscribe();
  equal(await p.away.publish('news', 'x'), 0);
  await subscriber.close();
});

check('a subscription outlives the loss of its connection', async (p) => {
  const subscriber = await p.connect();
  const came = new Inbox();
  await subscriber.subscribe('kept', (text) => came.put(text));
  const own = (await p.client.clientList()).filter((row) => Number(row.sub) === 1);
  equal(own.length, 1);
  equal(await p.client.clientKill({ filter: 'ID', id: own[0].id }), 1);
  await eventually('a message came over the new connection', async () => {
    await p.away.publish('kept', 'x');
    return came.drain().length > 0;
  });
  await subscriber.close();
});

check('keyspace notifications of writes through another node', async (p) => {
  const { client, away } = p;
  equal(await client.configSet('notify-keyspace-events', 'KEA'), 'OK');
  const subscriber = await p.connect();
  try {
    let came = [];
    const note = (text, channel) => came.push(`${channel} ${text}`);
    await subscriber.pSubscribe('__keyspace@0__:noted*', note);
    await subscriber.subscribe('__keyevent@0__:expired', note);
    // Other nodes are told of the interest, and may hear of it after the subscriber has its answer.
    for (const key of ['noted', 'noted-set', ...Array.from({ length: 8 }, (_, n) => `noted:${n}`)]) {
      await eventually(`${key} is heard of`, async () => {
        await away.set(key, '1');
        return came.includes(`__keyspace@0__:${key} set`);
      });
    }
    await away.del('noted-set');
    came = [];
    await away.set('noted', '1', { expiration: { type: 'PX', value: 30 } });
    await away.del('noted:0');
    await away.sAdd('noted-set', '1');
    await away.expire('noted-set', 100);
    for (const wanted of [
      '__keyspace@0__:noted set',
      '__keyspace@0__:noted expire',
      '__keyspace@0__:noted expired',
      '__keyevent@0__:expired noted',
      '__keyspace@0__:noted:0 del',
      '__keyspace@0__:noted-set sadd',
      '__keyspace@0__:noted-set expire',
    ]) {
      await eventually(wanted, async () => {
        await away.get('noted');
        return came.includes(wanted);
      });
    }
  } finally {
    await client.configSet('notify-keyspace-events', '');
    await subscriber.close();
  }
});
