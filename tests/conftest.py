"""Fixtures of all end-to-end tests."""

import os

import pytest
from harness.gateway import DOSSIER, Gateway
from harness.resources import created, patient
from harness.trust import Trust


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    """Both regions in one process, on data of its own, for all tests that do not stop it."""
    assert DOSSIER.exists(), "build it first: scripts/build"
    running = Gateway(tmp_path_factory.mktemp("pilot")).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def trust():
    """An issuer, clients and their keys, all made for this run."""
    return Trust()


@pytest.fixture(scope="session")
def issuing(tmp_path_factory, trust):
    """A gateway that trusts `trust` and gives tokens to its clients."""
    folder = tmp_path_factory.mktemp("issuing")
    running = Gateway(folder / "data", arguments=trust.arguments(folder)).start()
    yield running
    running.stop()


@pytest.fixture
def clinician(gateway):
    with gateway.client("clinician") as client:
        yield client


@pytest.fixture
def person(clinician):
    """A new Patient, as stored."""
    return created(clinician, patient())


@pytest.fixture(scope="session")
def full():
    """Which large demonstration is run, if any."""
    return os.environ.get("DOSSIER_FULL", "")


@pytest.fixture
def fresh(tmp_path):
    """Makes gateways of a test's own, and stops them."""
    made = []

    def make(**how) -> Gateway:
        made.append(Gateway(how.pop("data", tmp_path), **how))
        return made[-1]

    yield make
    for running in made:
        if running.process is not None and running.process.poll() is None:
            running.kill()
