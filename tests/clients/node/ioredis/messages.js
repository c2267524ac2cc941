'use strict';
// What a server sends unasked: messages and keyspace notifications.

const { ANY_BYTES, Inbox, check, equal, eventually } = require('../checks');

check('messages, published through another node', async (p) => {
  const subscriber = await p.connect();
  const news = new Inbox();
  const matching = new Inbox();
  subscriber.on('messageBuffer', (channel, bytes) => news.put(`${channel}`, bytes));
  subscriber.on('pmessage', (pattern, channel, text) => matching.put(pattern, channel, text));
  equal(await subscriber.subscribe('news', 'bytes'), 2);
  equal(await subscriber.psubscribe('ne?s*'), 3);
  equal((await p.away.pubsub('CHANNELS')).sort(), ['bytes', 'news']);
  equal(await p.away.pubsub('CHANNELS', 'new*'), ['news']);
  equal(await p.away.pubsub('NUMSUB', 'news', 'none'), ['news', 1, 'none', 0]);
  equal(await p.away.pubsub('NUMPAT'), 1);
  equal(await p.away.publish('news', 'größer'), 2);
  equal(await news.take(), ['news', Buffer.from('größer')]);
  equal(await matching.take(), ['ne?s*', 'news', 'größer']);
  equal(await p.away.publish('bytes', ANY_BYTES), 1);
  equal(await news.take(), ['bytes', ANY_BYTES]);
  for (let n = 0; n < 100; n += 1) equal(await p.away.publish('bytes', `${n}`), 1);
  for (let n = 0; n < 100; n += 1) equal(await news.take(), ['bytes', Buffer.from(`${n}`)]);
  equal(await subscriber.unsubscribe('news'), 2);
  equal(await p.away.publish('news', 'x'), 1);
  equal(await subscriber.punsubscribe('ne?s*'), 1);
  equal(await p.away.publish('news', 'x'), 0);
  await subscriber.quit();
});

check('a subscription outlives the loss of its connection', async (p) => {
  const subscriber = await p.connect({ connectionName: 'to-be-lost' });
  const came = new Inbox();
  subscriber.on('message', (channel, text) => came.put(channel, text));
  await subscriber.subscribe('kept');
  const rows = (await p.client.client('LIST')).split('\n').filter((row) => row.includes(' name=to-be-lost '));
  equal(rows.length, 1);
  const [, id] = /id=(\d+) /.exec(rows[0]);
  equal(await p.client.client('KILL', 'ID', id), 1);
  await eventually('a message came over the new connection', async () => {
    await p.away.publish('kept', 'x');
    return came.drain().length > 0;
  });
  await subscriber.quit();
});

check('keyspace notifications of writes through another node', async (p) => {
  const { client, away } = p;
  equal(await client.config('SET', 'notify-keyspace-events', 'KEA'), 'OK');
  const subscriber = await p.connect();
  try {
    let came = [];
    subscriber.on('message', (channel, text) => came.push(`${channel} ${text}`));
    subscriber.on('pmessage', (_, channel, text) => came.push(`${channel} ${text}`));
    await subscriber.psubscribe('__keyspace@0__:noted*');
    await subscriber.subscribe('__keyevent@0__:expired');
    // Other nodes are told of the interest, and may hear of it after the subscriber has its answer.
    for (const key of ['noted', 'noted-set', ...Array.from({ length: 8 }, (_, n) => `noted:${n}`)]) {
      await eventually(`${key} is heard of`, async () => {
        await away.set(key, '1');
        return came.includes(`__keyspace@0__:${key} set`);
      });
    }
    await away.del('noted-set');
    came = [];
    await away.set('noted', '1', 'PX', 30);
    await away.del('noted:0');
    await away.sadd('noted-set', '1');
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
    await client.config('SET', 'notify-keyspace-events', '');
    await subscriber.quit();
  }
});
