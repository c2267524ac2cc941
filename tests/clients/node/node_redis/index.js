'use strict';
// What node-redis asks of a server, through one node. How it is run stands in checks.js.

// Their checks are carried out in this order.
require('./sessions');
require('./data');
require('./batches');
require('./messages');
const { runAll } = require('../checks');
const { Place } = require('./place');

runAll(Place.at);
