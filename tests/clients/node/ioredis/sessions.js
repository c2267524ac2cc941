'use strict';
// Connections, and what a server tells about itself.

const Redis = require('ioredis');
const { check, equal, eventually, fails, holds } = require('../checks');

const { ReplyError } = Redis;

check('the handshake', async (p) => {
  equal(await p.client.ping(), 'PONG');
  equal(await p.client.echo('hello'), 'hello');
  const row = await p.client.client('INFO');
  holds(row.includes(' name= ') && row.includes(' db=0 '), `what INFO tells, not ${row}`);
  const named = await p.connect({ connectionName: 'a-name' });
  equal(await named.client('GETNAME'), 'a-name');
  await named.quit();
  const greeting = await p.client.hello(p.protocol);
  equal(greeting[greeting.indexOf('proto') + 1], p.protocol);
  equal(greeting[greeting.indexOf('role') + 1], 'master');
});

check('a password where none is set', async (p) => {
  const refused = 'ERR AUTH <password> called without any password configured for the default user';
  await fails(ReplyError, refused, p.client.auth('secret'));
});

check('an address as a URL', async (p) => {
  const client = new Redis(`redis://127.0.0.1:${p.entry}/0`, { protocol: p.protocol });
  equal(await client.ping(), 'PONG');
  await client.quit();
});

check('replyMapping of RESP3', async (p) => {
  const options = p.protocol === 3 ? { replyMapping: 'resp3' } : {};
  const client = await p.connect(options);
  const found = await client.config('GET', 'maxmemory');
  equal(p.protocol === 3 ? { ...found } : found, p.protocol === 3 ? { maxmemory: '0' } : ['maxmemory', '0']);
  await client.quit();
});

check('INFO', async (p) => {
  const text = await p.client.info();
  const about = Object.fromEntries(text.split('\r\n').filter((line) => line.includes(':')).map((line) => line.split(':')));
  holds(about.redis_version.startsWith('7.0.'), `the version of Redis, not ${about.redis_version}`);
  equal([about.redis_mode, about.tcp_port, about.loading], ['standalone', `${p.entry}`, '0']);
  for (const field of ['connected_clients', 'used_memory', 'total_commands_processed', 'uptime_in_seconds']) {
    holds(/^\d+$/.test(about[field]), `a number as ${field}, not ${about[field]}`);
  }
  const section = await p.client.info('server');
  holds(section.startsWith('# Server\r\n') && !section.includes('used_memory'), 'one section only');
});

check('CLIENT', async (p) => {
  const client = await p.connect({ connectionName: 'checks' });
  const id = await client.client('ID');
  equal(await client.client('GETNAME'), 'checks');
  equal(await client.client('SETNAME', 'renamed'), 'OK');
  const rows = (await client.client('LIST')).split('\n').filter((row) => row.startsWith(`id=${id} `));
  equal(rows.map((row) => /name=(\S*)/.exec(row)[1]), ['renamed']);
  equal(await client.client('LIST', 'ID', id).then((text) => text.trimEnd().split('\n').length), 1);
  equal(await client.client('KILL', 'ID', 2 ** 50), 0);
  await client.quit();
});

check('a connection that is closed by the server is made again', async (p) => {
  const client = await p.connect();
  const id = await client.client('ID');
  const ready = new Promise((resolve) => client.once('ready', resolve));
  equal(await p.client.client('KILL', 'ID', id), 1);
  await ready;
  equal(await client.set('again', '1'), 'OK');
  holds((await client.client('ID')) !== id, 'another connection');
  await eventually('the old one is gone', async () => !(await p.client.client('LIST')).includes(`id=${id} `));
  await client.quit();
});

check('CONFIG', async ({ client }) => {
  equal(await client.config('GET', 'maxmemory'), ['maxmemory', '0']);
  const some = await client.config('GET', 'maxclients', 'time*');
  equal(some.filter((_, n) => n % 2 === 0).sort(), ['maxclients', 'timeout']);
  equal(await client.config('GET', 'nonsense'), []);
  const [, before] = await client.config('GET', 'timeout');
  equal(await client.config('SET', 'timeout', '300'), 'OK');
  equal(await client.config('GET', 'timeout'), ['timeout', '300']);
  equal(await client.config('SET', 'timeout', before), 'OK');
  const unknown = "ERR Unknown option or number of arguments for CONFIG SET - 'nonsense'";
  await fails(ReplyError, unknown, client.config('SET', 'nonsense', '1'));
  equal(await client.config('RESETSTAT'), 'OK');
});

check('COMMAND', async ({ client }) => {
  const all = await client.command();
  const get = all.find(([name]) => name === 'get');
  equal([get[1], ...get.slice(3, 6)], [2, 1, 1, 1]);
  holds(get[2].includes('readonly'), 'its flags');
  holds((await client.command('COUNT')) >= all.length, 'a number');
  equal(await client.command('GETKEYS', 'MSET', 'a', '1', 'b', '2'), ['a', 'b']);
  equal((await client.command('INFO', 'get', 'none')).map((one) => one?.[0]), ['get', undefined]);
  holds((await client.command('LIST')).includes('get'), 'GET among all');
});

check("the server's time and its saving", async ({ client }) => {
  const [seconds, micros] = (await client.time()).map(Number);
  holds(Math.abs(seconds - Date.now() / 1000) < 10 && micros < 1_000_000, 'the time of this machine');
  equal(await client.save(), 'OK');
  holds(Math.abs((await client.lastsave()) - Date.now() / 1000) < 60, 'a moment ago');
});
