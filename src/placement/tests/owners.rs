//! The owners of many keys at once, against the owner of each.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Rules that need not make sense together, with hash functions in any order and often.
fn any_rules() -> impl Strategy<Value = Vec<DigestRule>> {
    let hash = select(HashFunction::ALL.to_vec());
    // Small divisors claim keys often enough that places behind them lose some.
    let divisor = prop_oneof![9 => 1..20_u32, 1 => 1..=u32::MAX];
    let test = prop_oneof![select(vec![EVEN, ODD]), divisor.prop_map(by)];
    vec(
        (hash, test).prop_map(|(hash, test)| DigestRule { hash, test }),
        0..8,
    )
}

fn any_keys() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let key = prop_oneof![4 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 0..150)];
    vec(key, 0..=70)
}

fn owners_one_by_one(list: &Placement, keys: &[Vec<u8>]) -> Vec<NodeIndex> {
    keys.iter().map(|key| list.owner(key)).collect()
}

fn owners_at_once(list: &Placement, keys: &[Vec<u8>]) -> Vec<NodeIndex> {
    let mut owners = Vec::new();
    list.owners(keys.iter().map(Vec::as_slice), &mut owners);
    owners
}

proptest! {
    #[test]
    fn many_keys_have_the_owners_that_each_of_them_has(rules in any_rules(), keys in any_keys()) {
        let list = placement(&rules);
        prop_assert_eq!(owners_at_once(&list, &keys), owners_one_by_one(&list, &keys));
    }
}

#[test]
fn owners_are_added_behind_those_that_are_there() {
    let list = Placement::built_in();
    let keys: Vec<_> = (0..20_u8).map(|byte| vec![byte]).collect();
    let (some, others) = keys.split_at(9);
    let mut owners = Vec::new();
    for part in [some, others, &[]] {
        list.owners(part.iter().map(Vec::as_slice), &mut owners);
    }
    assert_eq!(owners, owners_one_by_one(&list, &keys));
}
