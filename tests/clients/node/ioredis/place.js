'use strict';
// Where the checks are run: a client of the node that is tried, and one of another node.

const Redis = require('ioredis');
const { apart, together } = require('../checks');

class Place {
  static async at(given) {
    const place = Object.assign(new Place(), given);
    place.client = await place.connect();
    place.away = await place.connect({}, given.other);
    return place;
  }

  async connect(options = {}, port = this.entry) {
    const retryStrategy = () => 10;
    const client = new Redis({ host: '127.0.0.1', port, protocol: this.protocol, lazyConnect: true, retryStrategy, ...options });
    // Without a listener every lost connection would be printed.
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  owner = (key) => (this.kind === 'triad' ? this.client.call('TRIAD', 'OWNER', key) : 'redis');

  together(stem, count) {
    return together(this.owner, stem, count);
  }

  apart(stem) {
    return apart(this.owner, stem);
  }
}

module.exports = { Place };
