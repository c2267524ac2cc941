//! What is looked at, and how it is judged.

use indicatif::BinaryBytes;

use super::advice::{self, Advice};
use super::ask::{Clock, Facts, Seen};
use super::thresholds::{CLOCK_MAX_US, FREE_LAST_BYTES, free_wanted, journal_wanted};
use super::{Check, Verdict};
use crate::client::ClientError;
use crate::cluster::Cluster;
use crate::placement::Placement;

/// What nodes should have: what this program has.
struct Expected<'a> {
    placement: &'a Placement,
    version: &'a str,
}

/// Every check: those of the cluster as a whole, then those of each node. `version` is that of this program.
pub(super) fn all(cluster: &Cluster, version: &str, seen: &[Seen]) -> Vec<Check> {
    let advice = Advice { cluster };
    let placement = cluster.placement();
    let mut checks = cluster_file(placement, advice);
    let clocks = Clocks::judge(seen);
    checks.push(clocks.check());
    let expected = Expected { placement, version };
    for node in seen {
        checks.extend(of_node(node, seen, &expected, &clocks, advice));
    }
    checks
}

fn of_node(
    node: &Seen,
    all: &[Seen],
    expected: &Expected<'_>,
    clocks: &Clocks,
    advice: Advice<'_>,
) -> Vec<Check> {
    let about = About(node);
    let facts = match &node.told {
        Ok(facts) => facts,
        Err(error) => {
            let action = advice.unreachable(&node.name, &node.address, error);
            return vec![about.problem("reachable", about.away(error), action)];
        }
    };
    let mut checks = vec![about.ok(
        "reachable",
        format!("it answers in {}", super::text::time(facts.ping)),
    )];
    checks.push(if facts.name() == node.name {
        about.ok("name", format!("it is {}", node.name))
    } else {
        let detail = format!(
            "the node at {} says that it is {}",
            node.address,
            facts.name()
        );
        about.problem("name", detail, advice.stranger(facts.name()))
    });
    let file = advice.file();
    checks.push(if facts.fingerprint() == expected.placement.fingerprint() {
        about.ok("rules", format!("its nodes and rules are those of {file}"))
    } else {
        let detail = format!("its list of nodes and rules is not that of {file}");
        about.problem("rules", detail, advice.rules(&node.name))
    });
    checks.push(if facts.version() == expected.version {
        about.ok("version", format!("its version is {}", expected.version))
    } else {
        let (version, ours) = (facts.version(), expected.version);
        let detail = format!("its version is {version}, that of this program {ours}");
        about.warning("version", detail, advice::version())
    });
    checks.push(about.clock(facts, clocks));
    checks.push(match facts.info.failure("triad_failure") {
        None => about.ok("writes", "it takes writes".to_owned()),
        Some(failure) => {
            let detail = format!("it takes no writes any more: {failure}");
            about.problem("writes", detail, advice.writes(&node.name))
        }
    });
    checks.push(match facts.info.failure("triad_checkpoint_failure") {
        None => about.ok(
            "snapshots",
            "its last snapshot went well, if there was one".to_owned(),
        ),
        Some(failure) => {
            let detail = format!("its last snapshot went wrong: {failure}");
            about.warning("snapshots", detail, advice::snapshot(&node.address))
        }
    });
    checks.push(about.disk(facts));
    checks.push(about.journal(facts));
    checks.push(match facts.misplaced() {
        0 => about.ok("misplaced", "all keys on it are its own".to_owned()),
        count => {
            let keys = if count == 1 {
                "1 key"
            } else {
                &format!("{count} keys")
            };
            let detail =
                format!("{keys} on it belong to other nodes, so that nobody is served them");
            about.problem("misplaced", detail, advice.misplaced())
        }
    });
    checks.extend(about.links(facts, all, advice));
    checks
}

/// The node that checks are about.
struct About<'a>(&'a Seen);

impl About<'_> {
    fn ok(&self, check: &'static str, detail: String) -> Check {
        self.of(check, Verdict::Ok, detail, None)
    }

    fn warning(&self, check: &'static str, detail: String, action: String) -> Check {
        self.of(check, Verdict::Warning, detail, Some(action))
    }

    fn problem(&self, check: &'static str, detail: String, action: String) -> Check {
        self.of(check, Verdict::Problem, detail, Some(action))
    }

    fn of(
        &self,
        check: &'static str,
        result: Verdict,
        detail: String,
        action: Option<String>,
    ) -> Check {
        Check {
            node: Some(self.0.name.clone()),
            check,
            result,
            detail,
            action,
        }
    }

    /// Why it has not told anything.
    fn away(&self, error: &ClientError) -> String {
        let address = &self.0.address;
        match error {
            ClientError::Unreachable { cause, .. } => {
                format!("it can't be reached at {address}: {cause}")
            }
            ClientError::Lost { cause, .. } => format!("it did not answer at {address}: {cause}"),
            ClientError::Unexpected { what, .. } => {
                format!("what answers at {address} is not understood: {what}")
            }
            error => format!("what answers at {address} refuses to tell: {error}"),
        }
    }

    fn clock(&self, facts: &Facts, clocks: &Clocks) -> Check {
        let offset = facts.clock.offset_us;
        let apart = format!(
            "its clock is {} {} that of this device",
            seconds(offset),
            if offset < 0 { "behind" } else { "ahead of" }
        );
        if !is_off(facts.clock) || clocks.is_ours_off() {
            return self.ok("clock", apart);
        }
        let detail =
            format!("{apart}; keys that last for some time are gone by the clock of their node");
        let action = advice::clock(Some(&self.0.name), facts.system());
        self.warning("clock", detail, action)
    }

    fn disk(&self, facts: &Facts) -> Check {
        let Some(free) = facts.disk_free() else {
            let detail =
                "it does not tell how much room its disk has; its file system may hang".to_owned();
            return self.warning("disk", detail, advice::disk());
        };
        let files = facts.journal().unwrap_or_default() + facts.snapshot().unwrap_or_default();
        let of_total = facts
            .disk_total()
            .map(|total| format!(" of {}", BinaryBytes(total)));
        let detail = format!(
            "{}{} are free, and its files have {}",
            BinaryBytes(free),
            of_total.unwrap_or_default(),
            BinaryBytes(files)
        );
        if free < files {
            let detail = format!("{detail}: there is no room for the next snapshot");
            self.problem("disk", detail, advice::disk())
        } else if free < FREE_LAST_BYTES {
            let detail = format!("{detail}: writes will soon be refused");
            self.problem("disk", detail, advice::disk())
        } else if free < free_wanted(files) {
            let wanted = BinaryBytes(free_wanted(files));
            let detail =
                format!("{detail}; it should have {wanted} for its journal and the next snapshot");
            self.warning("disk", detail, advice::disk())
        } else {
            self.ok("disk", detail)
        }
    }

    fn journal(&self, facts: &Facts) -> Check {
        let journal = facts.journal().unwrap_or_default();
        let detail = format!("its journal has {}", BinaryBytes(journal));
        let wanted = journal_wanted(facts.snapshot().unwrap_or_default());
        let is_being_written = facts.info.number("rdb_bgsave_in_progress") == Some(1);
        if journal <= wanted || is_being_written {
            return self.ok("journal", detail);
        }
        let detail =
            format!("{detail}, and no snapshot follows it: the node starts slowly, and takes room");
        self.warning("journal", detail, advice::snapshot(&self.0.address))
    }

    /// The nodes that this one does not reach, though they answer here. With one that has another list it
    /// exchanges nothing, which is told already.
    fn links(&self, facts: &Facts, all: &[Seen], advice: Advice<'_>) -> Vec<Check> {
        let is_reached = |name: &str| {
            all.iter()
                .find(|node| node.name == name && node.told.is_ok())
        };
        let unreached = facts.unreached.iter().filter_map(|(name, error)| {
            let target = is_reached(name)?;
            let action = advice.link(&self.0.name, name, &target.address, error);
            Some(self.problem(
                "links",
                format!("it does not reach {name}: {error}"),
                action,
            ))
        });
        let mut checks: Vec<_> = unreached.collect();
        if checks.is_empty() {
            let reached = "it reaches every node that answers here".to_owned();
            checks.push(self.ok("links", reached));
        }
        checks
    }
}

fn cluster_file(placement: &Placement, advice: Advice<'_>) -> Vec<Check> {
    let of_all = |result, detail, action| Check {
        node: None,
        check: "cluster_file",
        result,
        detail,
        action,
    };
    let warnings = placement.warnings();
    if warnings.is_empty() {
        let detail = format!("every node of {} can own keys", advice.file());
        return vec![of_all(Verdict::Ok, detail, None)];
    }
    let warnings = warnings.into_iter();
    let warned = warnings.map(|warning| of_all(Verdict::Warning, warning, Some(advice.list())));
    warned.collect()
}

/// How the clocks stand to each other, by the nodes that told their time.
enum Clocks {
    /// Close enough, or one at least is off, which is told of it.
    Known,
    /// All are close to each other, and that of this device is off by so much.
    OursOff(i64),
    /// None is off by itself, but these two are so far apart.
    Apart(String, String, i64),
}

impl Clocks {
    fn judge(seen: &[Seen]) -> Self {
        let clocks = seen.iter().filter_map(|node| {
            let facts = node.told.as_ref().ok()?;
            Some((&node.name, facts.clock))
        });
        let mut clocks: Vec<_> = clocks.collect();
        clocks.sort_by_key(|(_, clock)| clock.offset_us);
        let [(slow, slowest), .., (fast, fastest)] = clocks.as_slice() else {
            return Self::Known;
        };
        let apart = fastest.offset_us.saturating_sub(slowest.offset_us);
        let between = Clock {
            offset_us: apart,
            error_us: slowest.error_us.saturating_add(fastest.error_us),
        };
        let off = clocks.iter().filter(|(_, clock)| is_off(*clock)).count();
        match off {
            _ if off == clocks.len() && !is_off(between) => Self::OursOff(slowest.offset_us),
            0 if is_off(between) => Self::Apart((*slow).clone(), (*fast).clone(), apart),
            _ => Self::Known,
        }
    }

    fn is_ours_off(&self) -> bool {
        matches!(self, Self::OursOff(_))
    }

    fn check(&self) -> Check {
        let (result, detail, action) = match self {
            Self::Known => (
                Verdict::Ok,
                "the clocks that are not named below agree".to_owned(),
                None,
            ),
            Self::OursOff(offset) => (
                Verdict::Warning,
                format!(
                    "the clock of this device is {} {} those of all nodes, which agree",
                    seconds(*offset),
                    if *offset < 0 { "ahead of" } else { "behind" }
                ),
                Some(advice::clock(None, std::env::consts::OS)),
            ),
            Self::Apart(slow, fast, apart) => (
                Verdict::Warning,
                format!(
                    "the clock of {fast} is {} ahead of that of {slow}",
                    seconds(*apart)
                ),
                Some(advice::clocks()),
            ),
        };
        Check {
            node: None,
            check: "clocks",
            result,
            detail,
            action,
        }
    }
}

/// Whether it is further off than it may be, however long question and answer took.
fn is_off(clock: Clock) -> bool {
    clock
        .offset_us
        .saturating_abs()
        .saturating_sub(clock.error_us)
        > CLOCK_MAX_US
}

/// A difference in seconds, without its sign.
fn seconds(micros: i64) -> String {
    let millis = micros.unsigned_abs() / 1000;
    format!("{}.{:02} s", millis / 1000, millis % 1000 / 10)
}
