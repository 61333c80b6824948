//! The list under criterion. `cargo bench -p promqlite-bench -- 'rate\(a_hundred'` picks cases by name; data is made
//! when the first case of its set is wanted.
#![allow(missing_docs)]

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use promqlite_bench::{all, cases, measure};

/// Every case at its first run is answered and held to the recorded answer, then timed.
fn list(criterion: &mut Criterion) {
    let expected = cases::parse(include_str!("../../../benches/cases.jsonl")).expect("the recorded cases");
    let engine = measure::engine(true);
    for (dataset, cases) in cases::choose(all(), None, None) {
        let mut store = None;
        let mut group = criterion.benchmark_group(dataset.name());
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(100))
            .measurement_time(Duration::from_millis(500));
        for case in cases {
            group.bench_function(&case.name, |bencher| {
                let store = store.get_or_insert_with(|| dataset.load());
                let answer = measure::answer(&engine, store, &case).expect("an answer");
                cases::check(&expected, &case, &answer).expect("the recorded answer");
                bencher.iter(|| measure::run(&engine, store, &case));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, list);
criterion_main!(benches);
