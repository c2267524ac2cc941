use super::*;

pub(in crate::coverage) fn new_report() -> Report {
    let plan = Plan {
        count: 4,
        space: KeySpace::new(16, 7),
        clean: false,
    };
    Report::new(&Cluster::built_in(), &plan)
}

/// A report of so many keys on each node, with requests that took so long as the thousands are.
pub(in crate::coverage) fn report_of(keys: [u64; 3]) -> Report {
    let mut report = new_report();
    for (node, keys) in keys.into_iter().enumerate() {
        for key in 0..keys {
            report.count(node, &[node], true);
            for place in 0..3 {
                let time = Duration::from_micros(400 + 100 * place as u64 + key);
                report.measured.add_offer(place, time * 2);
                report.measured.add_read(place, time);
            }
        }
    }
    report.lanes = 4;
    for step in 1..=20 {
        report
            .pace
            .note(Duration::from_millis(100 * step), report.keys / 20);
    }
    report.measured.sum_up();
    report.conclude();
    report
}

#[test]
fn each_flaw_is_counted_and_spoils_the_verdict() {
    let verdict = |owner, homes: &[usize], is_read| {
        let mut report = new_report();
        report.conclude();
        assert!(!report.ok, "nothing was tested");
        report.count(0, &[0], true);
        assert!(!report.ok, "the test goes on");
        report.count(owner, homes, is_read);
        report.conclude();
        let Report {
            stored,
            duplicates,
            misplaced,
            unread,
            ok,
            ..
        } = report;
        (stored, duplicates, misplaced, unread, ok)
    };
    assert_eq!(verdict(1, &[1], true), (2, 0, 0, 0, true));
    assert_eq!(verdict(1, &[], false), (1, 0, 0, 1, false));
    assert_eq!(verdict(1, &[], true), (1, 0, 0, 0, false));
    assert_eq!(verdict(1, &[0, 1], true), (2, 1, 1, 0, false));
    assert_eq!(verdict(1, &[2], true), (2, 0, 1, 0, false));
    assert_eq!(verdict(1, &[1], false), (2, 0, 0, 1, false));
}

#[test]
fn the_text_is_tables_a_list_and_sentences() {
    let text = report_of([500, 167, 333]).text(terminal::COLUMNS);
    let expected = "\
node     rule                           expected   share  keys
──────────────────────────────────────────────────────────────
linux    MD5 ends in an even hex digit    50.0 %  50.0 %   500
mac      SHA-1 divisible by 3             16.7 %  16.7 %   167
android  the remainder                    33.3 %  33.3 %   333

coverage is complete
  offered to every node           1000
  stored                          1000
  stored on several nodes            0
  stored on a wrong node             0
  not read through every node        0

the shares differ from the rules' by no more than chance (chi-squared 0.0, p
1.00)

node       offer p50      p99  read p50      p99
────────────────────────────────────────────────
linux        1.14 ms  1.78 ms    567 µs   891 µs
mac          1.33 ms  1.98 ms    667 µs   991 µs
android      1.53 ms  2.19 ms    767 µs  1.09 ms
all nodes    1.37 ms  2.14 ms    683 µs  1.07 ms

1,000 keys in 2.0 s: 500 keys and 3,000 requests a second, with 4 batches under
way at the same time. A request's time is from when it was written out to when
its reply was read.";
    assert_eq!(text, expected);
}

#[test]
fn a_narrow_terminal_has_lists_and_short_lines() {
    let mut report = new_report();
    report.count(0, &[0], true);
    report.count(1, &[1], true);
    report.count(2, &[2, 1], false);
    report.lanes = 1;
    report.conclude();
    let expected = "\
linux
  rule      MD5 ends in an even hex digit
  expected  50.0 %
  share     33.3 %
  keys      1

mac
  rule      SHA-1 divisible by 3
  expected  16.7 %
  share     66.7 %
  keys      2

android
  rule      the remainder
  expected  33.3 %
  share     33.3 %
  keys      1

coverage is NOT complete
  offered to every node              3
  stored                             3
  stored on several nodes            1
  stored on a wrong node             1
  not read through every node        1

too few keys to tell whether the
shares are the rules': mac may expect
0.7, and 5 are needed; use --count 30
or more

linux
  offer p50  0 µs
  p99        0 µs
  read p50   0 µs
  p99        0 µs

mac
  offer p50  0 µs
  p99        0 µs
  read p50   0 µs
  p99        0 µs

android
  offer p50  0 µs
  p99        0 µs
  read p50   0 µs
  p99        0 µs

all nodes
  offer p50  0 µs
  p99        0 µs
  read p50   0 µs
  p99        0 µs

3 keys in 0.0 s: 0.0 keys and 0.0
requests a second, with one batch
under way at the same time. A
request's time is from when it was
written out to when its reply was
read.";
    let text = report.text(38);
    assert_eq!(text, expected);
}

#[test]
fn the_document_has_every_field_in_order() {
    let report = report_of([500, 167, 333]);
    let fingerprint = Cluster::built_in().placement().fingerprint().to_owned();
    let expected = format!(
        "{{\"keys\":1000,\"stored\":1000,\"duplicates\":0,\"misplaced\":0,\"unread\":0,\"unreachable\":[],\
         \"nodes\":[\
         {{\"name\":\"linux\",\"rule\":\"MD5 ends in an even hex digit\",\"expected_share\":0.5,\"keys\":500}},\
         {{\"name\":\"mac\",\"rule\":\"SHA-1 divisible by 3\",\"expected_share\":0.16666666666666666,\"keys\":167}},\
         {{\"name\":\"android\",\"rule\":\"the remainder\",\"expected_share\":0.3333333333333333,\"keys\":333}}\
         ],\"ok\":true,\"chi_squared\":CHI,\"degrees_of_freedom\":2,\"p_value\":P,\
         \"is_chance\":true,\"seconds\":2.0,\"rate\":500.0,\"requests\":6000,\"request_rate\":3000.0,\
         \"latencies\":{{\"offers\":{{\"requests\":3000,\"p50_us\":1367,\"p99_us\":2143,\"max_us\":2207}},\
         \"reads\":{{\"requests\":3000,\"p50_us\":683,\"p99_us\":1071,\"max_us\":1103}},\"nodes\":[\
         {{\"name\":\"linux\",\"offers\":{{\"requests\":1000,\"p50_us\":1135,\"p99_us\":1783,\"max_us\":1799}},\
         \"reads\":{{\"requests\":1000,\"p50_us\":567,\"p99_us\":891,\"max_us\":899}}}},\
         {{\"name\":\"mac\",\"offers\":{{\"requests\":1000,\"p50_us\":1335,\"p99_us\":1983,\"max_us\":1999}},\
         \"reads\":{{\"requests\":1000,\"p50_us\":667,\"p99_us\":991,\"max_us\":999}}}},\
         {{\"name\":\"android\",\"offers\":{{\"requests\":1000,\"p50_us\":1535,\"p99_us\":2191,\"max_us\":2207}},\
         \"reads\":{{\"requests\":1000,\"p50_us\":767,\"p99_us\":1095,\"max_us\":1103}}}}]}},\
         \"seed\":7,\"length\":16,\"lanes\":4,\"version\":\"{}\",\"fingerprint\":\"{fingerprint}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    let chance = report.chance();
    let number = |number: Option<f64>| serde_json::to_string(&number).unwrap();
    let expected = expected
        .replace("CHI", &number(chance.chi_squared()))
        .replace(
            "\"p_value\":P",
            &format!("\"p_value\":{}", number(chance.p_value())),
        );
    assert_eq!(serde_json::to_string(&report).unwrap(), expected);
}

#[test]
fn a_test_without_keys_has_no_figures_and_no_sentences() {
    let report = new_report();
    assert!(
        report
            .text(80)
            .ends_with("not read through every node        0")
    );
    let json: serde_json::Value = serde_json::to_value(&report).unwrap();
    for field in ["chi_squared", "degrees_of_freedom", "p_value", "is_chance"] {
        assert_eq!(json[field], serde_json::Value::Null, "{field}");
    }
    assert_eq!(json["rate"], 0.0);
}
