"""Six regions, each a process of its own, over one store."""

import pytest
from harness.regions import Province
from harness.resources import created, observation, patient


@pytest.fixture(scope="session")
def province(tmp_path_factory, gateway):
    running = Province(tmp_path_factory.mktemp("province"))
    try:
        yield running.start(gateway.data / "compiled")
    finally:
        running.stop()


@pytest.fixture(scope="session")
def person(province):
    """A Patient with some resources, written in Montréal."""
    with province.doors["06"].client() as client:
        made = created(client, patient())
        for _ in range(5):
            created(client, observation(made["id"]))
        return made
