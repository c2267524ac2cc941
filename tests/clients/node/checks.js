'use strict';
// Named checks of a client library, carried out in order.
//
// A program of checks is run as `PROGRAM ENTRY OTHER PROTOCOL KIND`: the ports of the node that is tried and of
// another node of the same cluster (of a single server, its one port twice), `2` or `3` for the RESP version, and
// `triad` or `redis`. It EMPTIES the store. Each check is told by its name; of one that fails, what was expected and
// what came is told too, and the others go on. The exit code is 0 if all were right.

const { inspect, isDeepStrictEqual } = require('node:util');

// A program that hangs ends by itself after this, and names the check.
const PROGRAM_MS = 180_000;
// How long a condition may take to come true: far more than a loaded machine needs.
const PATIENCE_MS = 30_000;
// How much of a time to live may have passed when it is asked for.
const PASSED_SECONDS = 9;

const ANY_BYTES = Buffer.from(Array.from({ length: 256 }, (_, n) => n));

const checks = [];

/** Declares a check, by default one that holds for both kinds of server. */
function check(name, run, kinds = ['triad', 'redis']) {
  checks.push({ name, run, kinds });
}

function shown(value) {
  const text = inspect(value, { depth: 5, maxArrayLength: 20, breakLength: Infinity });
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} characters)`;
}

function equal(came, expected) {
  if (!isDeepStrictEqual(came, expected)) {
    throw new Error(`expected ${shown(expected)}, but ${shown(came)} came`);
  }
}

function holds(condition, what) {
  if (!condition) throw new Error(`expected ${what}`);
}

/** So many seconds to live, of which a slow machine may have let some pass. */
function about(came, seconds) {
  holds(came <= seconds && came >= seconds - PASSED_SECONDS, `about ${seconds} s, not ${came}`);
}

/** The promise is rejected with this class of error, with this in its text. */
async function fails(kind, text, promise) {
  let came;
  try {
    came = await promise;
  } catch (error) {
    if (error instanceof kind && error.message.includes(text)) return;
    const named = error?.constructor?.name;
    throw new Error(`expected ${kind.name} with ${shown(text)}, but ${named} came: ${error?.message}`);
  }
  throw new Error(`expected ${kind.name} with ${shown(text)}, but ${shown(came)} came`);
}

/** Asks until the answer is yes, and returns it. */
async function eventually(what, action) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await action();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`still not so after ${PATIENCE_MS} ms: ${what}`);
    // Messages that have come are handled between two turns.
    await new Promise(setImmediate);
  }
}

/** What comes unasked, to be taken one by one or all at once. */
class Inbox {
  #came = [];

  put(...message) {
    this.#came.push(message);
  }

  async take() {
    await eventually('a message came', () => this.#came.length > 0);
    return this.#came.shift();
  }

  drain() {
    return this.#came.splice(0);
  }
}

/** Keys that one node owns, by what `owner` answers. */
async function together(owner, stem, count) {
  const keys = [];
  let wanted;
  for (let n = 0; keys.length < count; n += 1) {
    const key = `${stem}:${n}`;
    const its = await owner(key);
    wanted ??= its;
    if (its === wanted) keys.push(key);
  }
  return keys;
}

/** Two keys of two owners, and these. */
async function apart(owner, stem) {
  const first = `${stem}:0`;
  const itsOwner = await owner(first);
  for (let n = 1; ; n += 1) {
    const second = `${stem}:${n}`;
    const other = await owner(second);
    if (other !== itsOwner) return [first, second, itsOwner, other];
  }
}

/** The line of a check at which it failed, where the error tells. */
function placeIn(error) {
  const frames = `${error?.stack}`.split('\n').filter((line) => !/checks\.js|node_modules/.test(line));
  const found = frames.map((line) => /(\w+\.js:\d+):\d+\)?$/.exec(line)).find(Boolean);
  return found ? ` (${found[1]})` : '';
}

/** Carries out all checks that are meant for this kind of server, and ends the program. */
async function runAll(makePlace) {
  const [entry, other, protocol, kind] = process.argv.slice(2);
  let current = 'connecting';
  setTimeout(() => {
    console.log(`FAILED  ${current}: it hangs`);
    process.exit(1);
  }, PROGRAM_MS);
  // Some libraries report a lost connection again where nobody waits for it; what a check waits for tells.
  process.on('unhandledRejection', (error) => {
    console.log(`FAILED  ${current}: nobody awaited ${error?.stack}`);
    process.exit(1);
  });
  const place = await makePlace({ entry: Number(entry), other: Number(other), protocol: Number(protocol), kind });
  const chosen = checks.filter((one) => one.kinds.includes(kind));
  let failed = 0;
  for (const { name, run } of chosen) {
    current = name;
    try {
      await run(place);
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}${placeIn(error)}: ${error?.constructor?.name}: ${error?.message}`);
    }
  }
  console.log(`${chosen.length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

module.exports = { ANY_BYTES, Inbox, about, apart, check, equal, eventually, fails, holds, runAll, together };
