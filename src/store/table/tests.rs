use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn insert(table: &mut Table, key: &[u8], value: &[u8]) -> bool {
    table.insert(hash(key), key, value)
}

fn remove(table: &mut Table, key: &[u8]) -> bool {
    table.remove(hash(key), key).is_some()
}

fn value<'t>(table: &'t Table, key: &[u8]) -> Option<&'t [u8]> {
    table.get(hash(key), key)?.view().as_string()
}

/// Steps of at least `at_least` entries until the end; `between` is called after each.
fn walk_in_steps(
    table: &mut Table,
    at_least: usize,
    mut between: impl FnMut(&mut Table),
) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let mut from = Some(0);
    while let Some(position) = from {
        let mut visited = 0;
        from = table.walk(position, &mut |entry| {
            keys.push(entry.key().to_vec());
            visited += 1;
            if visited >= at_least {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(
            from.is_none_or(|next| next > position),
            "every step goes forward"
        );
        between(table);
    }
    keys
}

fn numbered(count: u32) -> Table {
    let mut table = Table::new();
    for number in 0..count {
        insert(&mut table, &number.to_be_bytes(), b"value");
    }
    table
}

/// What may not change, because devices agree on it: the hash of a key. The numbers are from another
/// implementation of SipHash-1-3.
#[test]
fn the_order_of_keys_is_fixed() {
    assert_eq!(hash(b""), 0xbfe1_2676_4bb4_32de);
    assert_eq!(hash(b"name"), 0x5f72_e218_2192_cb2c);
}

#[test]
fn a_large_table_holds_what_was_put_in() {
    let mut table = numbered(20_000);
    assert_eq!(table.len(), 20_000);
    for number in 0_u32..20_000 {
        let key = number.to_be_bytes();
        assert_eq!(value(&table, &key), Some(&b"value"[..]));
    }
    assert!(
        table
            .leaves
            .iter()
            .all(|leaf| leaf.len() <= TABLE_LEAF_ENTRIES)
    );
    assert!(table.directory.len() <= 20_000 / TABLE_ENTRIES_PER_PLACE_MIN);
    assert_eq!(walk_in_steps(&mut table, 7, |_| {}).len(), 20_000);
}

#[test]
fn what_is_fetched_is_what_is_there() {
    let table = numbered(20_000);
    let fetch = |numbers: std::ops::Range<u32>| {
        table.fetch(numbers.map(|number| hash(&number.to_be_bytes())))
    };
    assert_eq!(fetch(0..0), 0);
    assert_eq!(fetch(100..140), 40);
    assert_eq!(fetch(100..1_000), TABLE_FETCH_ENTRIES, "no more at once");
    // Seven bits of a hash that is not there may be those of one that is.
    assert!(fetch(1_000_000..1_000_064) < 48);
}

#[test]
fn the_order_does_not_depend_on_the_size() {
    let mut small = numbered(300);
    let mut large = numbered(5_000);
    let mut order = walk_in_steps(&mut large, 10, |_| {});
    order.retain(|key| key < &300_u32.to_be_bytes().to_vec());
    assert_eq!(walk_in_steps(&mut small, 10, |_| {}), order);
}

#[test]
fn an_iteration_returns_what_stays_while_the_table_grows_and_shrinks() {
    let mut table = numbered(1_000);
    let mut next = 1_000_u32;
    let grown = walk_in_steps(&mut table, 5, |table| {
        for _ in 0..4 {
            insert(table, &next.to_be_bytes(), b"");
            next += 1;
        }
    });
    for key in 0..1_000_u32 {
        assert_eq!(
            grown
                .iter()
                .filter(|seen| **seen == key.to_be_bytes())
                .count(),
            1,
            "{key}"
        );
    }
    let shrunk = walk_in_steps(&mut table, 50, |table| {
        for _ in 0..90 {
            next -= u32::from(next > 1_000);
            remove(table, &next.max(1_000).to_be_bytes());
        }
    });
    for key in 0..1_000_u32 {
        assert_eq!(
            shrunk
                .iter()
                .filter(|seen| **seen == key.to_be_bytes())
                .count(),
            1,
            "{key}"
        );
    }
}

#[test]
fn an_empty_table_has_given_its_memory_back() {
    let mut table = numbered(5_000);
    for number in 0_u32..5_000 {
        assert!(remove(&mut table, &number.to_be_bytes()));
    }
    assert_eq!(
        (table.len(), table.directory.len(), table.leaves.len()),
        (0, 1, 1)
    );
}

/// Keys that somebody has chosen to agree in the first bits of their hashes.
#[test]
fn keys_of_one_prefix_make_a_large_leaf_and_no_large_directory() {
    let chosen = (0_u64..)
        .filter(|number| hash(&number.to_be_bytes()) >> 56 == 0x5a)
        .take(1_000);
    let mut table = Table::new();
    for number in chosen {
        insert(&mut table, &number.to_be_bytes(), b"");
    }
    assert!(table.directory.len() <= 1_000 / TABLE_ENTRIES_PER_PLACE_MIN);
    assert_eq!(table.leaves.iter().map(Leaf::len).max(), Some(1_000));
    assert_eq!(walk_in_steps(&mut table, 1, |_| {}).len(), 1_000);
}

/// The two keys were searched for among 67 million: their hashes agree in 48 bits.
#[test]
fn entries_of_one_position_come_in_one_step() {
    let twins = [49_451_399_u32, 10_855_209].map(u32::to_be_bytes);
    assert_eq!(twins.map(|key| position(hash(&key))), [0x14c8_a51f_2eed; 2]);
    let mut table = numbered(1_000);
    for key in twins {
        insert(&mut table, &key, b"");
    }
    let mut seen = Vec::new();
    let next = table.walk(0x14c8_a51f_2eed, &mut |entry| {
        seen.push(entry.key().to_vec());
        ControlFlow::Break(())
    });
    assert_eq!(next, Some(0x14c8_a51f_2eed + 1));
    assert_eq!(seen, twins);
    assert_eq!(walk_in_steps(&mut table, 1, |_| {}).len(), 1_002);
}

#[test]
fn positions_end_at_two_to_the_48() {
    let table = numbered(10);
    let mut seen = 0;
    let mut count = |_: &Entry| {
        seen += 1;
        ControlFlow::Continue(())
    };
    assert_eq!(table.walk(1 << 48, &mut count), None);
    assert_eq!(table.walk(u64::MAX, &mut count), None);
    assert_eq!(table.walk((1 << 48) - 1, &mut count), None);
    assert_eq!(seen, 0);
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, u8),
    Remove(u16),
    Walk(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..2_000_u16, any::<u8>()).prop_map(|(key, value)| Step::Insert(key, value)),
        3 => (0..2_000_u16).prop_map(Step::Remove),
        1 => (1..40_u8).prop_map(Step::Walk),
    ];
    prop::collection::vec(step, 0..1_500)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Against a model. One iteration goes on all the time, a step now and then: when it comes to
    /// its end it must have returned every key that was there from its beginning on.
    #[test]
    fn it_is_a_map_that_can_be_walked(steps in steps()) {
        let mut table = Table::new();
        let mut model = BTreeMap::new();
        let (mut stayed, mut from) = (BTreeMap::new(), 0);
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    let (key, value) = (key.to_be_bytes(), vec![value; usize::from(value) / 8]);
                    let known = model.insert(key, value.clone()).is_some();
                    prop_assert_eq!(insert(&mut table, &key, &value), known);
                }
                Step::Remove(key) => {
                    let key = key.to_be_bytes();
                    stayed.remove(&key);
                    prop_assert_eq!(remove(&mut table, &key), model.remove(&key).is_some());
                }
                Step::Walk(at_least) => {
                    let mut left = at_least;
                    let next = table.walk(from, &mut |entry| {
                        let key = entry.key();
                        stayed.remove(key);
                        let value = entry.view().as_string();
                        assert_eq!(model.get(key).map(Vec::as_slice), value);
                        left = left.saturating_sub(1);
                        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    });
                    from = next.unwrap_or_else(|| {
                        assert!(stayed.is_empty(), "{stayed:?} was there all the time");
                        stayed = model.clone();
                        0
                    });
                }
            }
            prop_assert_eq!(table.len(), model.len());
        }
        for (key, expected) in &model {
            prop_assert_eq!(value(&table, key), Some(expected.as_slice()));
        }
    }
}

#[test]
fn places_are_those_of_an_iteration_over_the_leaves() {
    let table = numbered(5_000);
    assert_eq!(table.at(&[]).len(), 0);
    let all: Vec<usize> = (0..5_000).collect();
    let keys = |places: &[usize]| -> Vec<Vec<u8>> {
        let entries = table.at(places);
        entries.iter().map(|entry| entry.key().to_vec()).collect()
    };
    let mut unique = keys(&all);
    let some = [0, 1, 448, 449, 2_000, 4_999];
    assert_eq!(keys(&some), some.map(|place| unique[place].clone()));
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 5_000);
    assert_eq!(keys(&[5_000, 6_000]).len(), 0);
}

#[test]
fn what_is_overdue_is_found_in_the_order_of_time() {
    let mut table = numbered(1_000);
    let mut moments = BTreeMap::new();
    for (number, at) in [(5_u32, 50), (7, 20), (9, 90), (7, 70), (11, 60)] {
        let key = number.to_be_bytes();
        assert!(table.set_deadline(hash(&key), &key, Deadline::new(at)));
        moments.insert(number, at);
    }
    assert!(!table.set_deadline(hash(b"absent"), b"absent", Deadline::new(1)));
    // These no longer have one.
    insert(&mut table, &9_u32.to_be_bytes(), b"other");
    remove(&mut table, &11_u32.to_be_bytes());
    assert_eq!(
        (table.deadlines(), table.first_deadline()),
        (2, Deadline::new(50))
    );
    assert_eq!(table.overdue(49), None);
    for number in [5_u32, 7] {
        let (hash, key) = table.overdue(100).unwrap();
        assert_eq!(key, number.to_be_bytes());
        table.remove(hash, &key);
    }
    assert_eq!((table.overdue(100), table.deadlines()), (None, 0));
}
