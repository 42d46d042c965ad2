"""Functions and the whole program replaced under 500 requests a second, without one that fails."""

import shutil
import time

import pytest
from harness.components import Build, renamed, trapping
from harness.gateway import Gateway, Store, dossier
from harness.load import under_load
from harness.resources import created, patient

PER_SECOND = 500


@pytest.fixture
def store(tmp_path):
    running = Store(tmp_path / "store").start()
    yield running
    running.stop()


@pytest.fixture
def lasting(full):
    """Seconds of load before and after."""
    return 20 if full == "upgrade" else 2


def compiled_before(running: Gateway, gateway) -> Gateway:
    # Never over the files of one that runs: it has them mapped.
    if not (running.data / "compiled").exists():
        running.data.mkdir(parents=True, exist_ok=True)
        shutil.copytree(gateway.data / "compiled", running.data / "compiled")
    return running


@pytest.fixture
def built(tmp_path, gateway, fresh):
    """A gateway over components of its own, and a person to read."""
    build = Build(tmp_path / "build")
    running = fresh(data=tmp_path / "data", arguments=["--manifest", str(build.manifest)])
    compiled_before(running, gateway).start()
    with running.client() as client:
        person = created(client, patient())["id"]
    return running, build, f"/fhir/Patient/{person}"


def upgrade(running, *, refused: bool = False) -> str:
    ended = dossier("upgrade", data=running.data, check=False)
    assert (ended.returncode != 0) == refused, ended.stdout + ended.stderr
    return ended.stderr if refused else ended.stdout


@pytest.mark.upgrade
def test_new_functions_take_over_without_a_failure(built, lasting):
    running, build, path = built
    with under_load(running.ports["06"], path, running.token("clinician"), PER_SECOND) as load:
        time.sleep(lasting)
        build.put("lookup", renamed(build.files["lookup"].read_bytes(), "second"))
        assert "generation 2" in upgrade(running)
        time.sleep(lasting)
        build.put("lookup", renamed(build.files["lookup"].read_bytes(), "third"))
        assert "generation 3" in upgrade(running)
        time.sleep(lasting)
    assert not load.failures, load.failures[:5]
    assert load.answered > PER_SECOND * lasting


def test_what_does_not_compile_traps_or_wants_more_is_refused_and_the_old_goes_on(built):
    running, build, path = built
    good = {name: file.read_bytes() for name, file in build.files.items()}
    for name, component, why in [
        ("lookup", b"no component", "not compiled"),
        ("lookup", good["update"], "lookup imports dossier:record/commits"),
        ("lookup", trapping(good["lookup"]), "lookup fails its trial"),
    ]:
        with under_load(running.ports["06"], path, running.token("clinician"), 100) as load:
            build.put(name, component)
            refusal = upgrade(running, refused=True)
            assert why in refusal and "goes on as it was" in refusal, refusal
        assert not load.failures, load.failures[:5]
        build.put(name, good[name])
    build.manifest.write_text(build.manifest.read_text().replace("GET /fhir/:type/:id\"", "GET /fhir/:type/:id/x\""))
    assert "--take-over" in upgrade(running, refused=True)


def test_a_component_that_wants_more_than_its_world_is_not_started_with_either(built):
    running, build, _ = built
    running.stop()
    build.put("lookup", build.files["update"].read_bytes())
    with pytest.raises(AssertionError, match="lookup imports dossier:record/commits"):
        running.start()


def test_an_upgrade_where_no_gateway_runs_says_so(tmp_path):
    ended = dossier("upgrade", data=tmp_path, check=False)
    assert ended.returncode != 0 and "no gateway runs" in ended.stderr


@pytest.mark.upgrade
def test_a_new_process_takes_the_doors_without_a_failure(tmp_path, gateway, store, lasting, fresh):
    def make(ports=None, arguments=()):
        running = fresh(data=tmp_path / "data", regions=("06",), env=store.env, ports=ports, arguments=arguments)
        return compiled_before(running, gateway)

    running = make().start()
    with running.client() as client:
        person = created(client, patient())["id"]
    with under_load(running.ports["06"], f"/fhir/Patient/{person}", running.token("clinician"), PER_SECOND) as load:
        for _ in range(2):
            time.sleep(lasting)
            # Another process has the same doors, so it is not asked whether it is ready: it says so itself.
            after = make(running.ports, ["--take-over"])
            after.start()
            assert running.process.wait(timeout=60) == 0
            assert after.process.poll() is None
            running = after
        time.sleep(lasting)
    assert not load.failures, load.failures[:5]
    assert load.answered > PER_SECOND * lasting
    assert "took over" in running.log.read_text()
    with running.client() as client:
        assert client.get(f"/Patient/{person}").status_code == 200


def test_without_a_predecessor_taking_over_is_just_starting(tmp_path, gateway, fresh):
    running = compiled_before(fresh(data=tmp_path / "data", arguments=["--take-over"]), gateway)
    assert running.start().process.poll() is None
