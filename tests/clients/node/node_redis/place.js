'use strict';
// Where the checks are run: a client of the node that is tried, and one of another node.

const { createClient, RESP_TYPES } = require('redis');
const { apart, together } = require('../checks');

class Place {
  static async at(given) {
    const place = Object.assign(new Place(), given);
    place.client = await place.connect();
    place.away = await place.connect({}, given.other);
    place.bytes = place.client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    return place;
  }

  async connect(options = {}, port = this.entry) {
    const client = createClient({ RESP: this.protocol, socket: { host: '127.0.0.1', port }, ...options });
    // Without a listener a lost connection would end the program.
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  owner = (key) => (this.kind === 'triad' ? this.client.sendCommand(['TRIAD', 'OWNER', key]) : 'redis');

  together(stem, count) {
    return together(this.owner, stem, count);
  }

  apart(stem) {
    return apart(this.owner, stem);
  }
}

module.exports = { Place };
