'use strict';
// Connections, and what a server tells about itself.

const { SimpleError, createClient, createClientPool } = require('redis');
const { check, equal, eventually, fails, holds } = require('../checks');

check('the handshake', async (p) => {
  equal(await p.client.ping(), 'PONG');
  equal(await p.client.echo('hello'), 'hello');
  const greeting = await p.client.hello();
  equal(greeting.proto, p.protocol);
  equal(greeting.role, 'master');
  const named = await p.connect({ name: 'a-name' });
  equal(await named.clientGetName(), 'a-name');
  await named.close();
});

check('a password where none is set is refused', async (p) => {
  const client = createClient({ RESP: 2, password: 'secret', socket: { port: p.entry, reconnectStrategy: false } });
  client.on('error', () => {});
  const refused = 'AUTH <password> called without any password configured for the default user';
  await fails(SimpleError, refused, client.connect());
});

check('an address as a URL', async (p) => {
  const client = createClient({ url: `redis://127.0.0.1:${p.entry}/0`, RESP: p.protocol });
  client.on('error', () => {});
  await client.connect();
  equal(await client.ping(), 'PONG');
  await client.close();
});

check('INFO', async (p) => {
  const text = await p.client.info();
  const about = Object.fromEntries(text.split('\r\n').filter((line) => line.includes(':')).map((line) => line.split(':')));
  holds(about.redis_version.startsWith('7.0.'), `the version of Redis, not ${about.redis_version}`);
  equal(about.redis_mode, 'standalone');
  equal(about.tcp_port, `${p.entry}`);
  for (const field of ['connected_clients', 'used_memory', 'total_commands_processed', 'uptime_in_seconds']) {
    holds(/^\d+$/.test(about[field]), `a number as ${field}, not ${about[field]}`);
  }
  const section = await p.client.info('server');
  holds(section.startsWith('# Server\r\n') && !section.includes('used_memory'), 'one section only');
});

check('CLIENT', async (p) => {
  const client = await p.connect({ name: 'checks' });
  const id = await client.clientId();
  equal(await client.clientGetName(), 'checks');
  equal(await client.clientSetName('renamed'), 'OK');
  const own = (await client.clientList()).filter((row) => row.id === id);
  equal(own.map((row) => row.name), ['renamed']);
  const info = await client.clientInfo();
  equal([info.id, info.name, info.db, info.user], [id, 'renamed', 0, 'default']);
  equal(await client.clientKill({ filter: 'ID', id: 2 ** 50 }), 0);
  await client.close();
});

check('a connection that is closed by the server is made again', async (p) => {
  const client = await p.connect();
  const id = await client.clientId();
  const ready = new Promise((resolve) => client.once('ready', resolve));
  equal(await p.client.clientKill({ filter: 'ID', id }), 1);
  await ready;
  equal(await client.set('again', '1'), 'OK');
  holds((await client.clientId()) !== id, 'another connection');
  const rows = await p.client.clientList();
  holds(rows.every((row) => row.id !== id), 'the old connection gone');
  await client.close();
});

check('a pool of connections', async (p) => {
  const options = { RESP: p.protocol, socket: { host: '127.0.0.1', port: p.entry } };
  const pool = createClientPool(options, { minimum: 2, maximum: 5 });
  pool.on('error', () => {});
  await pool.connect();
  await pool.set('pool', '0');
  await Promise.all(Array.from({ length: 500 }, () => pool.incr('pool')));
  equal(await pool.get('pool'), '500');
  await pool.close();
});

check('CONFIG', async ({ client }) => {
  equal({ ...(await client.configGet('maxmemory')) }, { maxmemory: '0' });
  equal(Object.keys(await client.configGet(['maxclients', 'time*'])).sort(), ['maxclients', 'timeout']);
  equal({ ...(await client.configGet('nonsense')) }, {});
  const before = (await client.configGet('timeout')).timeout;
  equal(await client.configSet('timeout', '300'), 'OK');
  equal({ ...(await client.configGet('timeout')) }, { timeout: '300' });
  equal(await client.configSet({ timeout: before }), 'OK');
  const unknown = "ERR Unknown option or number of arguments for CONFIG SET - 'nonsense'";
  await fails(SimpleError, unknown, client.configSet('nonsense', '1'));
  equal(await client.configResetStat(), 'OK');
});

check('COMMAND', async ({ client }) => {
  const all = await client.command();
  const get = all.find((command) => command.name === 'get');
  equal([get.arity, get.firstKeyIndex, get.lastKeyIndex, get.step], [2, 1, 1, 1]);
  holds(get.flags.has('readonly'), 'its flags');
  holds((await client.commandCount()) >= all.length, 'a number');
  equal(await client.commandGetKeys(['MSET', 'a', '1', 'b', '2']), ['a', 'b']);
  equal((await client.commandInfo(['get', 'none'])).map((one) => one?.name), ['get', undefined]);
  holds((await client.commandList()).includes('get'), 'GET among all');
});

check("the server's time and its saving", async ({ client }) => {
  const [seconds, micros] = await client.time();
  holds(Math.abs(Number(seconds) - Date.now() / 1000) < 10 && Number(micros) < 1_000_000, 'the time of this machine');
  equal(await client.sendCommand(['SAVE']), 'OK');
  holds(Math.abs((await client.lastSave()) - Date.now() / 1000) < 60, 'a moment ago');
});
