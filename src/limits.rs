//! Every bound of the program, each with its reason. A buffer, queue, retry or wait that is not
//! limited by a constant from here is a defect.
//!
//! Units stand last in the names. Sizes are in bytes unless a name says otherwise.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

// ---- keys and values -------------------------------------------------------------------------

/// The longest key. Keys are hashed by every rule at every request and written into every journal
/// record; a key this long is already a document, which belongs in the value.
pub const KEY_MAX_BYTES: usize = 64 * KIB;

/// The longest value unless `--max-value` says otherwise. A value is held in memory whole by the
/// entry node, by the owner and by the journal, on devices of a few GiB.
pub const VALUE_MAX_BYTES: usize = 8 * MIB;

/// The largest `--max-value`. One record must fit in [`RECORD_MAX_BYTES`] also in base64.
pub const VALUE_MAX_BYTES_CEILING: usize = 64 * MIB;

// ---- RESP ------------------------------------------------------------------------------------

/// The most arguments one request may announce: Redis's own limit.
pub const REQUEST_ARGS_MAX: usize = 1024 * 1024;

/// The longest argument a request may announce: Redis's own `proto-max-bulk-len`. What is longer
/// than a value may be, but not than this, is read past without being kept, so that the client gets
/// an answer; what is longer still ends the connection.
pub const REQUEST_BULK_MAX_BYTES: usize = 512 * MIB;

/// The most bytes that one request may hold in memory. More is read past without being kept.
pub const REQUEST_MAX_BYTES: usize = 80 * MIB;

/// The longest inline command, and the longest line that may announce a length: Redis's own limit.
pub const INLINE_MAX_BYTES: usize = 64 * KIB;

/// The deepest nesting of a reply. Ours have two levels; a deeper one is not from a node.
pub const REPLY_DEPTH_MAX: usize = 16;

/// The largest reply. `KEYS` and `MGET` over more than this answer an error that names `SCAN`.
pub const REPLY_MAX_BYTES: usize = 96 * MIB;

/// The most elements of one reply, those of nested arrays included. Each takes 32 bytes in the memory
/// of the one who reads it, however short it is on the wire, so this many take 128 MiB beside the
/// bytes of [`REPLY_MAX_BYTES`], and at most as much again while an array grows.
pub const REPLY_ELEMENTS_MAX: usize = 4 * 1024 * 1024;

/// How many elements a reply's array has room for before any has arrived: its announced length is
/// only a claim, and most arrays are shorter than this.
pub const REPLY_ELEMENTS_RESERVED: usize = 64;

/// The longest command name that is kept of a request that is read past, to be named in the answer.
/// No command has a name of this length.
pub const COMMAND_NAME_KEPT_MAX_BYTES: usize = 64;

/// The longest pattern of `KEYS` and `SCAN`: matching takes up to pattern times key steps, each key
/// anew.
pub const PATTERN_MAX_BYTES: usize = KIB;

/// The longest name of a channel: that of a keyspace notification for the longest key. It is matched with
/// every pattern that somebody is subscribed to.
pub const CHANNEL_MAX_BYTES: usize = KEY_MAX_BYTES + 64;

/// How much is read from a socket at once. Large enough that a pipeline of 64 requests of usual size
/// needs one system call, small enough to be lent to every connection that waits for something.
pub const READ_CHUNK_BYTES: usize = 16 * KIB;

/// The decoders and lists of replies that a node keeps for connections that become busy. So many are in
/// use at once when that many connections wait for one fsync; with what each may keep, some MiB at most.
pub const POOL_KEPT: usize = 64;

/// The buffer that a decoder or a list of replies keeps when it is given back.
pub const POOL_BUFFER_BYTES: usize = READ_CHUNK_BYTES;

/// How often in a row one socket is read before the others get their turn. A socket that is always
/// full would otherwise keep the one thread of a node for itself; more than one read spares those that
/// have only a little more than a chunk the wait.
pub const TURN_READS: usize = 4;

/// How long one connection has its requests carried out before the others get their turn. A chunk
/// of usual requests takes a tenth of it; one of 2,000 times `KEYS` could take minutes, in which peers
/// would give this node up.
pub const TURN_TIME: Duration = Duration::from_millis(10);

/// How long writes wait for others to share an fsync with, and requests for a peer for others to be sent
/// with, while there are always more of them. In a moment without, they wait no longer. It is about twice what
/// an fsync takes on the fastest disks, so that it never doubles the wait for one by much.
pub const GATHER_TIME: Duration = Duration::from_micros(500);

/// The writes that wait for no others, nor for the disk to be done with those before them: an fsync takes
/// about as much processor time as 100 of them, an eighth of these.
pub const GATHER_WRITES: usize = 800;

/// The request bytes for a peer that wait for no others: what some hundred requests of usual size are.
pub const GATHER_LINK_BYTES: usize = 64 * KIB;

/// How many requests are carried out between two looks at the clock.
pub const TURN_REQUESTS: usize = 4;

/// How many connections are written to in a row that have waited for one fsync: at about 10 µs each, no more
/// than lasts as long as a small group. Further ones are woken, and write in turn with what others do.
pub const TURN_RELEASES: usize = 64;

// ---- transactions ----------------------------------------------------------------------------

/// The bytes of one transaction's requests: it is sent to its owner as one request, within
/// [`REQUEST_MAX_BYTES`].
pub const TRANSACTION_MAX_BYTES: usize = 64 * MIB;

/// The words of one transaction's requests: half of what one request may have.
pub const TRANSACTION_WORDS_MAX: usize = REQUEST_ARGS_MAX / 2;

/// The bytes of the transactions of all connections that wait for their `EXEC`.
pub const TRANSACTIONS_TOTAL_MAX_BYTES: usize = 256 * MIB;

/// The journal bytes that a transaction may wait with for its end, since it is written as a whole. One of
/// `SET`s alone stays below it, whatever [`TRANSACTION_MAX_BYTES`] of values become as text; but a request of
/// a few bytes such as `SETRANGE` can write a whole value.
pub const TRANSACTION_WRITES_MAX_BYTES: usize = 128 * MIB;

/// The keys that one connection watches. Each is remembered until the transaction, in some 50 bytes: as much as
/// an idle connection may take, several times, and far more keys than a transaction usually has.
pub const WATCHED_KEYS_MAX: usize = 1024;

// ---- keys on the way to their owner -----------------------------------------------------------

/// The items of a collection, in bytes, that go from one node to another in one reply and one request, unless a
/// single one is longer. One of more goes in parts, so that whoever carries it need not hold it.
pub const PART_BYTES: usize = MIB;

/// The bytes of collections that have come in parts, on all connections, and are not whole yet. One of more
/// stays where it is. To write one of so many down as a whole takes half a second, in which nobody is
/// served; after two seconds peers would give this node up ([`LINK_SILENCE`]).
pub const PARTS_TOTAL_MAX_BYTES: usize = 128 * MIB;

/// What an item of such a collection takes beside its bytes: its place in a table, and its own allocation.
pub const PART_ITEM_BYTES: usize = 48;

// ---- connections -----------------------------------------------------------------------------

/// The most connections of clients and peers together, as in Redis. Lowered at start to what the
/// process may open.
pub const CONNECTIONS_MAX: usize = 10_000;

/// The connections that may wait to be accepted. The system lowers it to what it allows, on Linux to 4096.
pub const LISTEN_BACKLOG: i32 = 4096;

/// The pause after a failed `accept`: without descriptors or memory the next one would fail as well.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long there is at least between two looks for clients that have asked nothing for longer than `timeout`
/// says. Each look passes over all connections, and who sets a time in seconds notices no smaller part.
pub const IDLE_LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The longest name of a connection: it is kept as long as the connection is.
pub const CLIENT_NAME_MAX_BYTES: usize = 256;

/// The bytes of an unknown command's name, and of its arguments together, that an error repeats: Redis's
/// own limit.
pub const ERROR_ECHO_MAX_BYTES: usize = 128;

/// The codes of errors that are counted apart from each other. Ours are about twenty.
pub const ERROR_CODES_MAX: usize = 128;

/// File descriptors that are kept free for files, peer links and the listener.
pub const DESCRIPTORS_RESERVED: usize = 64;

/// The requests of one connection that may be without their replies. Past it the node stops reading
/// that connection until replies have left.
pub const WINDOW_REQUESTS: usize = 1024;

/// The reply bytes of one connection that may be unread, with those that are expected from
/// peers. Past it the node stops reading that connection.
pub const WINDOW_REPLY_BYTES: usize = 4 * MIB;

/// What a forwarded request is expected to bring back before the connection has seen a reply from
/// a peer. It lets 16 requests out at first: ten clients that all ask for values of 1 MiB then hold
/// 160 MiB at most, and a client of small values has its whole window after one round trip.
pub const REPLY_EXPECTED_BYTES: usize = 256 * KIB;

/// The unread reply bytes of one connection at which it is closed: only a client that does not read
/// what it asked for comes here, since the window stops it long before.
pub const UNREAD_REPLY_MAX_BYTES: usize = 128 * MIB;

/// The memory in which replies of all connections wait to be read. Past it, a connection that is over
/// its own window is closed when a further reply is added to it.
pub const UNREAD_TOTAL_MAX_BYTES: usize = 160 * MIB;

/// The channels and patterns that one connection may be subscribed to. Whoever needs more of them wants a
/// pattern.
pub const SUBSCRIPTIONS_MAX: usize = 8 * 1024;

/// What the subscriptions of all connections may take of a node's memory: 6 KiB for each of
/// [`CONNECTIONS_MAX`], or the longest names for a thousand.
pub const SUBSCRIPTIONS_MAX_BYTES: usize = 64 * MIB;

/// What a subscription takes beside its name: its places in two tables, at their emptiest.
pub const SUBSCRIPTION_BYTES: usize = 256;

/// The events that may wait for the disk, until their writes are durable: about 200,000 with short keys, four
/// fsyncs' worth at the highest rate. Further ones are not told, and the log says so: to wait for room would
/// hold up writes for the sake of notifications, and the ones that wait already are those that come first.
pub const EVENTS_WAITING_MAX_BYTES: usize = 16 * MIB;

/// The bytes of events that one peer may leave unread. Past it further ones are not sent, and the log says so:
/// it is asleep, and its link is to stay whole for requests.
pub const EVENTS_UNREAD_MAX_BYTES: usize = 4 * MIB;

/// How long replies that are known may wait for those behind them in the pipeline that peers are to give,
/// so that they leave together: from this long to twice as long. Nobody notices it, and on one network
/// nearly all have come within it.
pub const REPLY_LINGER: Duration = Duration::from_millis(5);

/// How long a node waits at shutdown for replies in flight.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

// ---- peer links ------------------------------------------------------------------------------

/// The longest field of a peer's handshake: the hexadecimal digits of a fingerprint. They are kept as
/// long as the link is.
pub const HELLO_FIELD_MAX_BYTES: usize = 64;

/// The bound on connecting to a peer, handshake included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A link with requests outstanding on which no byte moved for this long is broken.
pub const LINK_SILENCE: Duration = Duration::from_secs(2);

/// After how long at most, and how often, a node that is still at work on a peer's requests says so, that a
/// slow disk is not taken for a lost device. A quarter of [`LINK_SILENCE`].
pub const LINK_BUSY_SIGN: Duration = Duration::from_millis(500);

/// The first pause between attempts to reach a peer.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// The longest pause between attempts to reach a peer: a phone may sleep all night.
pub const BACKOFF_LAST: Duration = Duration::from_secs(60);

/// The shortest pause that a request for a peer that is down can bring about: somebody is waiting,
/// so the next attempt is made no later than this after the last one ended.
pub const BACKOFF_ON_DEMAND: Duration = Duration::from_secs(2);

/// The request bytes that may wait to be written to one peer. Past it, connections with a request
/// for that peer are not read.
pub const LINK_QUEUE_MAX_BYTES: usize = 16 * MIB;

/// The requests that may be outstanding on one link.
pub const LINK_REQUESTS_MAX: usize = 64 * 1024;

/// The kernel's send buffer of a link: small, so that "written" and "on its way" stay near each other
/// and [`LINK_SILENCE`] measures the peer and not a buffer.
pub const LINK_SEND_BUFFER_BYTES: usize = 256 * KIB;

// ---- the store -------------------------------------------------------------------------------

/// The longest line of a journal or entry of a snapshot: the largest value and key in base64.
pub const RECORD_MAX_BYTES: usize = 96 * MIB;

/// The longest header of a segment with the record that may be written together with it. What is
/// longer and has no readable header was not left by a crash.
pub const SEGMENT_BEGINNING_MAX_BYTES: u64 = KIB as u64;

/// How much of a file is read at once when a node starts.
pub const FILE_READ_CHUNK_BYTES: usize = 256 * KIB;

/// How much is written to a file by one call. For larger ones Linux looks for runs of memory as large
/// as 2 MiB; where those have to be got from the host of a virtual machine first, such a write takes
/// ten times as long.
pub const FILE_WRITE_CHUNK_BYTES: usize = 256 * KIB;

/// The most threads that read files when a node starts. What they find goes into the table one entry
/// after the other, which takes about a quarter of the whole work, so that more would only wait.
pub const LOAD_THREADS_MAX: usize = 4;

/// How much of a file may be with these threads, unless a single piece is larger.
pub const LOAD_AHEAD_BYTES: usize = 16 * MIB;

/// The changes from a journal that are sorted before they are made: about 12 MiB of memory beside the
/// entries themselves.
pub const LOAD_SORTED_CHANGES: usize = 256 * 1024;

/// The keys and values of these changes. A journal may have one key over and over, with a large value
/// each time, of which only the last will be needed.
pub const LOAD_SORTED_BYTES: usize = 32 * MIB;

/// The bits of the hash by which they are sorted. In a table of a million entries such a group has
/// 4,000 entries, as many as a core's own cache can have.
pub const LOAD_SORTED_GROUPS_BITS: u32 = 8;

/// The damaged places that a repair lists one by one. More of them are only counted: nobody reads on.
pub const REPAIR_LISTED_MAX: usize = 10_000;

/// The damaged places that the log tells of. The list has the others too.
pub const REPAIR_TOLD_MAX: usize = 20;

/// The longest beginning and end of a snapshot, without the entries, that is read in one piece. Ours
/// have about 300 bytes.
pub const SNAPSHOT_FRAME_MAX_BYTES: usize = 64 * KIB;

/// The entries that a leaf of the table holds before it is split. Seven eighths of 512, which is how
/// far a hash table of that many places fills up; small enough that a split or one step of an
/// iteration takes some microseconds.
pub const TABLE_LEAF_ENTRIES: usize = 448;

/// The table's directory has at most one place for so many entries. With keys that are spread
/// evenly it has one for about 200; a smaller number here only lets it grow for keys that somebody
/// chose to have one hash prefix, and those make a leaf large instead.
pub const TABLE_ENTRIES_PER_PLACE_MIN: usize = 16;

/// The keys that are looked up ahead of their requests at once: enough to have as many waits for memory
/// under way as a processor can, and what they fetch fits into its nearest cache.
pub const TABLE_FETCH_ENTRIES: usize = 64;

/// The words of a request that is looked at ahead. To look at each word of a longer one would cost more
/// than its one key can save.
pub const LOOK_AHEAD_WORDS_MAX: usize = 8;

/// The requests that are looked at ahead at once: as many as there are keys to be looked up, whether they
/// have keys or not, so that no request is looked at more than twice.
pub const LOOK_AHEAD_REQUESTS_MAX: usize = TABLE_FETCH_ENTRIES;

/// A table with fewer entries is in the processor's cache anyway, and nothing is fetched.
pub const TABLE_FETCH_ENTRIES_MIN: usize = 16 * 1024;

/// A table with more entries than this is dropped by a thread of its own when it is cleared.
pub const TABLE_DROP_ENTRIES: usize = 4096;

/// The places in the lists of unsynced writes that are kept for the next burst.
pub const UNSYNCED_KEPT: usize = 16 * 1024;

/// The largest buffer for journal records that is kept for the next ones.
pub const JOURNAL_BUFFER_KEPT_BYTES: usize = MIB;

/// How many such buffers are kept until the next checkpoint. New memory costs more than to fill it.
pub const JOURNAL_BUFFERS_KEPT: usize = 8;

/// The journal bytes that are handed to the disk at once, though the batch of requests that they are
/// from goes on: half of [`JOURNAL_BUFFER_KEPT_BYTES`], which a buffer that doubles stays below.
pub const JOURNAL_BATCH_BYTES: usize = 512 * KIB;

/// Journal records that were handed over one after the other are put together up to this size, and
/// then written by one call.
pub const JOURNAL_JOINED_MAX_BYTES: usize = 64 * KIB;

/// The journal bytes that may wait for the disk. Past it no further writes are begun.
pub const JOURNAL_BACKLOG_MAX_BYTES: usize = 32 * MIB;

/// A journal below this size is never a reason for a checkpoint: as much as Redis lets its own grow
/// before it is written anew. It is the space that a node with little data takes on a device, and is read
/// in half a second when the node starts after a crash; under a flood of writes with a sixteenth of it, a
/// sixth of the work was checkpoints.
pub const CHECKPOINT_JOURNAL_MIN_BYTES: u64 = 64 * MIB as u64;

/// How much the journal grows after a failed checkpoint before the next is tried: on a full disk it should
/// not take much more of it until then.
pub const CHECKPOINT_RETRY_BYTES: u64 = 4 * MIB as u64;

/// With a journal that is not empty, a checkpoint follows this long after the last write.
pub const CHECKPOINT_IDLE: Duration = Duration::from_secs(60);

/// The entries that one step of a checkpoint copies before requests get their turn: those of a leaf,
/// which take about 50 µs.
pub const CHECKPOINT_STEP_ENTRIES: usize = TABLE_LEAF_ENTRIES;

/// The bytes that one step of a checkpoint copies before requests get their turn.
pub const CHECKPOINT_STEP_BYTES: usize = 256 * KIB;

/// The bytes of a snapshot under way that may wait for a sync. A sync of the journal queues behind that
/// of the snapshot, so that this is what a write may have to wait for; smaller ones cost more than they
/// spare.
pub const SNAPSHOT_UNSYNCED_MAX_BYTES: usize = 16 * MIB;

/// The items of a large collection that one entry of a snapshot has, in bytes: as much as one step of a
/// checkpoint copies. The rest of the collection is in further entries.
pub const SNAPSHOT_PART_BYTES: usize = CHECKPOINT_STEP_BYTES;

/// The items of a collection that one record of the journal has, in bytes, unless it is a single one. A
/// change of more takes several records.
pub const RECORD_ITEMS_BYTES: usize = MIB;

/// The steps of a checkpoint that may wait for the disk.
pub const CHECKPOINT_STEPS_WAITING: usize = 4;

/// `--fsync everysec`: the longest time between two fsyncs while there is something to sync.
pub const FSYNC_EVERYSEC: Duration = Duration::from_secs(1);

/// The keys that have expired which are removed before requests get their turn: about 50 µs.
pub const COLLECT_KEYS: usize = 64;

/// How long the removal of keys that have expired rests while the journal lags behind.
pub const COLLECT_PAUSE: Duration = Duration::from_millis(10);

/// The entries that `SCAN` returns in a step when `COUNT` does not say: Redis's default.
pub const SCAN_COUNT_DEFAULT: usize = 10;

/// The most entries that one step of `SCAN` looks at, whatever `COUNT` says.
pub const SCAN_COUNT_MAX: usize = 10_000;

/// How long a node waits for its file system to tell how much room it has. It answers from memory, unless it
/// hangs, as one on a network may; then the node goes on without, and does not ask a second time until the
/// first answer is there.
pub const SPACE_WAIT: Duration = Duration::from_millis(20);

/// How long such an answer is good for: whoever asks more often learns nothing more.
pub const SPACE_KEPT: Duration = Duration::from_secs(1);

// ---- the cluster file ------------------------------------------------------------------------

/// The most nodes of a list. A `SCAN` cursor has eight bits for the node.
pub const NODES_MAX: usize = 255;

/// The largest cluster file: 4 KiB a node, ten times what the longest entry needs.
pub const CLUSTER_FILE_MAX_BYTES: u64 = MIB as u64;

/// The terms in which the share of a place is counted exactly: enough for ten rules of one hash
/// whose divisors have nothing in common. Each further rule may double them; past it the share is
/// estimated.
pub const SHARE_TERMS_MAX: usize = 1024;

/// The keys that an estimate of a share is taken from. The standard error is then 0.4 points of a
/// hundred at most, and the longest list takes a fraction of a second, once, when it is loaded.
pub const SHARE_SAMPLE_KEYS: u32 = 16 * 1024;

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

/// The entries of such a file that go from the thread that reads it to the one that sends them together.
pub const TRANSFER_BATCH_ENTRIES: usize = 1024;

/// The batches of entries that may wait between the two: with [`CLIENT_BATCH_BYTES`] each they are 4 MiB, unless
/// values are longer.
pub const TRANSFER_BATCHES_WAITING: usize = 4;

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
