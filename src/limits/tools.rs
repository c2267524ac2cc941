//! The bounds of the client and of the tools.

use std::time::Duration;

use super::{KIB, MIB, WINDOW_REQUESTS};
#[cfg(doc)]
use super::{PART_BYTES, VALUE_MAX_BYTES};

// ---- the tools -------------------------------------------------------------------------------

/// How long the tools wait for a connection, until the node there has answered once.
pub const CLIENT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the tools wait for the next byte of a reply: longer than a node waits for a peer.
pub const CLIENT_SILENCE: Duration = Duration::from_secs(15);

/// How long `watch` and `doctor` wait for a node to tell about itself, once it is connected. A node that is
/// well answers at once; a device over a bad network needs some round trips.
pub const SURVEY_ANSWER_MAX: Duration = Duration::from_secs(3);

/// How long a picture of `watch` waits for the answers of nodes, beginning when they are asked: half of the
/// usual pause between two pictures. What comes later is in the next one.
pub const WATCH_GRACE: Duration = Duration::from_millis(500);

/// The shortest pause between two pictures of `watch`: nobody reads faster, and nodes have other work.
pub const WATCH_INTERVAL_MIN_SECONDS: f64 = 0.1;

/// The longest pause between two pictures of `watch`: a day.
pub const WATCH_INTERVAL_MAX_SECONDS: f64 = 86_400.0;

/// The requests that the tools send before they read replies.
pub const CLIENT_BATCH_REQUESTS: usize = 256;

/// The request bytes that the tools send before they read replies.
pub const CLIENT_BATCH_BYTES: usize = MIB;

/// The requests of a client of all nodes that may be without their replies: as many as one node takes of
/// one connection before it stops reading it ([`WINDOW_REQUESTS`]).
pub const CLIENT_WINDOW_REQUESTS: usize = WINDOW_REQUESTS;

/// The request bytes that may wait in such a client to be written to one node. While fewer wait, a further
/// request is taken whatever its own size, so that none is too large to be sent at all.
pub const CLIENT_QUEUE_MAX_BYTES: usize = CLIENT_BATCH_BYTES;

/// The requests whose owners such a client works out together: several times as many as are hashed side by
/// side, so that few are left over at the end.
pub const CLIENT_STAGE_REQUESTS: usize = 64;

/// The longest request, encoded, that waits for that. To copy a longer one once more would cost more than its
/// digest can save. A node's queue may exceed [`CLIENT_QUEUE_MAX_BYTES`] by [`CLIENT_STAGE_REQUESTS`] of these.
pub const CLIENT_STAGE_REQUEST_BYTES: usize = 4 * KIB;

/// The buffers that such a client keeps for each node when it has sent, or read, what was in them.
pub const CLIENT_BUFFER_KEPT_BYTES: usize = 64 * KIB;

/// The keys in a row that a coverage test passes over because they have values of somebody else:
/// more than there are keys of two characters, so that these are searched to their end. Of longer
/// ones so many are not taken unless nearly all are, or a node answers nonsense.
pub const COVERAGE_TAKEN_MAX: usize = 4096;

/// The batches of keys that a coverage test has under way at the same time, each with a connection to
/// every node, if it is not told otherwise: with one, three quarters as many keys are tested in a second, and
/// with twice as many hardly more, while each request waits twice as long.
pub const COVERAGE_LANES: usize = 4;

/// The most that it may be told: with all of them a list of 15 nodes takes as many connections of a
/// process as many systems allow (1,024).
pub const COVERAGE_LANES_MAX: usize = 64;

/// The request bytes of all lanes of a coverage test that may be under way. With the longest keys and many
/// nodes the batches become smaller.
pub const COVERAGE_BYTES: usize = 64 * MIB;

/// The longest latency that a coverage test tells from longer ones: four times as long as it waits for a
/// silent node.
pub const COVERAGE_LATENCY_MAX: Duration = Duration::from_secs(60);

/// The digits of a latency that are kept. With two, the histograms of a node take 40 KiB; a third would
/// make it eight times as much, and two runs differ in the first.
pub const COVERAGE_LATENCY_DIGITS: u8 = 2;

/// The first intervals in which a coverage test counts its keys, to show its rate over time.
pub const COVERAGE_PACE_INTERVAL: Duration = Duration::from_millis(50);

/// The most intervals: past it two are made one. More than a chart has room for.
pub const COVERAGE_PACE_INTERVALS_MAX: usize = 160;

/// The runs of keys of somebody else that a coverage test remembers, so that its keys can be verified
/// later. A run takes about 30 bytes of the file.
pub const COVERAGE_PASSED_RUNS_MAX: usize = 16 * 1024;

/// The largest file of a coverage test's plan: twice what the most runs and nodes take.
pub const COVERAGE_PLAN_FILE_MAX_BYTES: u64 = 2 * MIB as u64;

/// The faults that a verification names one by one, each with its key. All are counted.
pub const COVERAGE_FAULTS_NAMED: usize = 20;

// ---- the menu --------------------------------------------------------------------------------

/// The longest text that is typed or pasted at a prompt of the menu. It is drawn again with every key; what
/// is longer is better taken from a file.
pub const MENU_TEXT_MAX_BYTES: usize = 256 * KIB;

/// The answers of each kind that the menu remembers, for the arrow keys.
pub const MENU_HISTORY_ENTRIES: usize = 50;

/// The keys that the menu lists at once; more are fetched when somebody asks for them.
pub const MENU_LISTED_KEYS: usize = 200;

/// How long a search takes before the menu shows how far it is: sooner nobody could read it.
pub const MENU_PROGRESS_AFTER: Duration = Duration::from_millis(300);

/// The largest value that the menu shows without asking: as much as a person reads.
pub const MENU_SHOWN_MAX_BYTES: usize = 2 * KIB;

/// The longest value that can be shown on the screen at all; the rest of a larger one is for a file.
pub const MENU_SCREEN_MAX_BYTES: usize = 64 * KIB;

/// The names that the completion of a path looks at. A folder of more is not completed to the end.
pub const MENU_COMPLETED_NAMES: usize = 10_000;

/// How long after an Escape the rest of a key's sequence may come: over a slow line its bytes arrive apart.
pub const MENU_ESCAPE_WAIT: Duration = Duration::from_millis(100);

/// How long the next bytes of a pasted text may take, where the terminal does not mark its end.
pub const MENU_BURST_WAIT: Duration = Duration::from_millis(20);

/// How long a pasted text may stand still before the mark of its end is given up.
pub const MENU_PASTE_SILENCE: Duration = Duration::from_secs(2);

/// How long the menu waits, before each choice, for what its first line says of the nodes. A sleeping phone is
/// no reason to keep somebody from the other nodes.
pub const MENU_HEADLINE_WAIT: Duration = Duration::from_secs(1);

// ---- files with keys ---------------------------------------------------------------------------

/// How much of a file with keys is looked at to tell its format. The names of a line's fields stand within it
/// unless the key is one of the longest.
pub const TRANSFER_HEAD_BYTES: usize = 128 * KIB;

/// The entries of such a file that go from the thread that reads it to one that sends them together.
pub const TRANSFER_BATCH_ENTRIES: usize = 512;

/// The bytes of them, unless a single one is longer.
pub const TRANSFER_BATCH_BYTES: usize = 256 * KIB;

/// The batches of entries that may wait between the two, and the pieces of a file that may wait to be written:
/// enough that neither side waits for the other at each step. With values of [`VALUE_MAX_BYTES`] they are 16 MiB.
pub const TRANSFER_BATCHES_WAITING: usize = 2;

/// The clients of an import, between which its keys are shared out. One has [`CLIENT_WINDOW_REQUESTS`] on the way,
/// and then waits for the disks of the nodes; with so many of them nodes find more to do after each fsync.
pub const IMPORT_LANES: usize = 4;

/// The names that are tried for a file which is not whole yet. They have 64 random bits: if so many are there already,
/// something else is wrong.
pub const TEMPORARY_NAMES_TRIED: usize = 8;

/// The links to a file that is to be made which are followed one after another, as many as Linux follows. Links in
/// a circle would be followed for ever.
pub const LINKS_FOLLOWED: usize = 40;

/// The words of a request that adds members to a set, at most: a node carries it out within a millisecond or two.
pub const TRANSFER_ITEMS_EACH: usize = 4096;

/// How often a large collection is read anew that was deleted or overwritten meanwhile.
pub const LARGE_READS_MAX: usize = 10;

/// The keys that a node is asked for at once with all that they are. A reply ends at [`PART_BYTES`] anyway.
pub const WHOLES_COUNT: usize = 1000;

/// The keys that are named of those that a file's format cannot hold. They are all counted.
pub const LEFT_OUT_TOLD: usize = 10;

/// The keys of a backup that are named one by one because the cluster has others. All of them are counted.
pub const RESTORE_KEPT_TOLD: usize = 1000;

/// How often the bar of a file that is being read is drawn over.
pub const TRANSFER_PROGRESS_PAUSE: Duration = Duration::from_millis(100);
