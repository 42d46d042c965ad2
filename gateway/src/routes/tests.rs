use super::{Found, Routes};
use http::Method;

fn routes(written: &[&str]) -> Routes {
    let mut routes = Routes::default();
    for (function, route) in written.iter().enumerate() {
        routes.add(route, function).unwrap();
    }
    routes
}

#[test]
fn a_literal_goes_before_a_parameter_whatever_their_order() {
    let routes =
        routes(&["GET /fhir/:type/:id", "GET /fhir/AuditEvent/:id", "GET /fhir/:type/_search"]);
    assert_eq!(routes.find(&Method::GET, "/fhir/AuditEvent/7"), Found::Function(1));
    assert_eq!(routes.find(&Method::GET, "/fhir/Patient/7"), Found::Function(0));
    assert_eq!(routes.find(&Method::GET, "/fhir/Patient/_search"), Found::Function(2));
}

#[test]
fn two_methods_of_one_path_lead_to_two_functions() {
    let routes = routes(&["GET /fhir/:type", "POST /fhir/:type"]);
    assert_eq!(routes.find(&Method::POST, "/fhir/Patient"), Found::Function(1));
    assert_eq!(routes.find(&Method::HEAD, "/fhir/Patient/"), Found::Function(0));
}

#[test]
fn a_known_path_with_another_method_says_which_are_allowed() {
    let routes = routes(&["GET /fhir/:type", "POST /fhir/:type"]);
    assert_eq!(
        routes.find(&Method::PATCH, "/fhir/Patient"),
        Found::OtherMethods(vec![Method::GET, Method::POST])
    );
}

#[test]
fn what_no_route_has_is_not_found() {
    let routes = routes(&["GET /fhir/:type/:id", "GET /fhir"]);
    for path in ["/", "/fhir/a/b/c", "/fhir//b", "/fhirs", "/fhir/a//"] {
        assert_eq!(routes.find(&Method::GET, path), Found::Nothing, "{path}");
    }
    assert_eq!(routes.find(&Method::GET, "/fhir"), Found::Function(1));
    assert_eq!(routes.find(&Method::GET, "/fhir/"), Found::Function(1));
}

#[test]
fn the_rest_comes_last_and_takes_everything() {
    let routes = routes(&["GET /fhir/...", "GET /fhir/metadata"]);
    assert_eq!(routes.find(&Method::GET, "/fhir/a/b/c"), Found::Function(0));
    assert_eq!(routes.find(&Method::GET, "/fhir"), Found::Function(0));
    assert_eq!(routes.find(&Method::GET, "/fhir/metadata"), Found::Function(1));
}

#[test]
fn a_bad_route_is_refused_with_its_reason() {
    let mut routes = Routes::default();
    assert!(routes.add("/fhir", 0).is_err());
    assert!(routes.add("GET fhir", 0).is_err());
    assert!(routes.add("GET /.../fhir", 0).is_err());
    routes.add("GET /fhir/:a", 0).unwrap();
    assert!(routes.add("GET /fhir/:b", 1).is_err());
}
