use super::{Observed, begin_trip, caller, end_trip};
use crate::trace::{Parent, Spans};

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

#[test]
fn what_is_learnt_goes_to_the_request_of_the_task_and_to_no_other() {
    run(async {
        let [one, other] = [Observed::new(None), Observed::new(None)];
        let learn = |establishment: &'static str| async move {
            tokio::task::yield_now().await;
            caller(Some(establishment));
        };
        futures::join!(one.during(learn("demo-06-nim")), other.during(learn("demo-04-mcq")));
        assert_eq!(one.told().0.as_deref(), Some("demo-06-nim"));
        assert_eq!(other.told().0.as_deref(), Some("demo-04-mcq"));
        // Outside of any request it is nobody's.
        caller(Some("demo-06-oim"));
        assert_eq!(one.told().0.as_deref(), Some("demo-06-nim"));
    });
}

#[test]
fn trips_are_traced_under_the_function_and_only_when_the_request_is() {
    run(async {
        let plain = Observed::new(None);
        plain.during(async { assert!(begin_trip().is_none()) }).await;
        let traced = Observed::new(Some(Spans::begin(Parent::none(), 7)));
        traced
            .during(async {
                let began = traced.enter_function();
                end_trip(begin_trip(), "record", "query");
                traced.leave_function(began, "lookup");
            })
            .await;
        let spans = traced.take_spans().unwrap();
        let [trip, function] = spans.spans() else { panic!("{:?}", spans.spans()) };
        assert_eq!((trip.name.as_str(), function.name.as_str()), ("record.query", "lookup"));
        assert_eq!(trip.parent, function.id);
        assert_eq!(function.parent, spans.request_id());
    });
}
