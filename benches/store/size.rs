//! Memory a key, and bytes written for each byte of user data.

use crate::lab::data::{KEY_BYTES, VALUE_BYTES};
use crate::lab::table::{NOTHING, Table, times};
use crate::{Side, Sides};

/// The most memory a key of 16 bytes with a value of 64 is to take: Redis 7.0 takes 178.
const BYTES_A_KEY_MAX: f64 = 140.0;

/// What was seen of one side, for each key.
struct Sizes {
    /// The memory after all keys were set by requests.
    loaded: f64,
    /// The memory after a start with the same keys.
    restarted: f64,
    /// Sent towards the disk while the keys were set, checkpoints that came about included.
    setting: f64,
    /// The same with the checkpoint at the end.
    in_all: f64,
    /// The size of the files then.
    files: f64,
}

/// Fills every side, and leaves it stopped after a checkpoint.
pub(crate) fn measure(sides: &Sides) -> anyhow::Result<Table> {
    let alone = of(&sides.alone)?;
    let redis = sides.redis.as_ref().map(of).transpose()?;
    let linux = sides.linux.site.start()?;
    sides.linux.set(1, 0)?;
    sides.linux.stop(linux)?;

    let mut table = Table::new(
        "Memory a key, and bytes written for each byte of keys and values. Memory is the resident set,\n\
         less that of the empty server. Written is what the process sends towards the disk in pages\n\
         (write_bytes of /proc/PID/io), while the keys are set 128 at a time by 4 connections.",
        &["", "triad", "Redis", "triad / Redis", "target"],
    );
    let mut row = |name: &str, unit: f64, most: Option<f64>, figure: fn(&Sizes) -> f64| {
        let ours = figure(&alone) / unit;
        let theirs = redis.as_ref().map(|redis| figure(redis) / unit);
        let figures = [
            shown(ours, unit),
            theirs.map_or(NOTHING.to_owned(), |theirs| shown(theirs, unit)),
            theirs.map_or(NOTHING.to_owned(), |theirs| times(ours / theirs)),
            most.map_or_else(String::new, |most| sides.verdict(ours, most)),
        ];
        table.row(name, figures);
    };
    let user = f64::from(u32::try_from(KEY_BYTES + VALUE_BYTES)?);
    let most = Some(BYTES_A_KEY_MAX);
    row("memory a key, keys set by requests", 1.0, most, |it| {
        it.loaded
    });
    row("memory a key, keys loaded at start", 1.0, most, |it| {
        it.restarted
    });
    row("written, keys being set", user, None, |it| it.setting);
    row(
        "written, with the checkpoint at the end",
        user,
        None,
        |it| it.in_all,
    );
    row("size of the files then", user, None, |it| it.files);
    Ok(table)
}

fn of(side: &Side) -> anyhow::Result<Sizes> {
    let server = side.site.start()?;
    let empty = server.idle_bytes()?;
    let before = server.written_bytes()?;
    side.set(1, 0)?;
    let loaded = server.idle_bytes()?;
    let setting = server.written_bytes()?;
    let in_all = side.stop(server)?;
    let files = side.site.file_bytes()?;
    let server = side.site.start()?;
    let restarted = server.idle_bytes()?;
    side.stop(server)?;
    let a_key = |bytes: u64, less: u64| {
        let keys = u32::try_from(side.keys.len()).unwrap_or(u32::MAX);
        // Exact up to 2^53 bytes.
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let bytes = bytes.saturating_sub(less) as f64;
        bytes / f64::from(keys)
    };
    Ok(Sizes {
        loaded: a_key(loaded, empty),
        restarted: a_key(restarted, empty),
        setting: a_key(setting, before),
        in_all: a_key(in_all, before),
        files: a_key(files, 0),
    })
}

/// Bytes in whole numbers, multiples in hundredths.
fn shown(figure: f64, unit: f64) -> String {
    if unit > 1.0 {
        times(figure)
    } else {
        format!("{figure:.0} bytes")
    }
}
