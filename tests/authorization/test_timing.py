"""How long an answer takes does not tell what is withheld from what is absent."""

import http.client
import math
import random
import time

import pytest

from authorization.test_restrictions import Chart

SAMPLES, SAMPLES_FULL = 100, 10_000
# A difference that chance alone would make once in so many runs is a difference.
CHANCE, CHANCE_FULL = 1e-6, 1e-3


def difference(one: list[float], other: list[float]) -> tuple[float, float]:
    """The two-sample Kolmogorov-Smirnov statistic, and how likely chance makes as large a one."""
    one, other = sorted(one), sorted(other)
    i = j = 0
    largest = 0.0
    while i < len(one) and j < len(other):
        if one[i] <= other[j]:
            i += 1
        else:
            j += 1
        largest = max(largest, abs(i / len(one) - j / len(other)))
    size = math.sqrt(len(one) * len(other) / (len(one) + len(other)))
    scaled = (size + 0.12 + 0.11 / size) * largest
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return largest, min(1.0, max(0.0, sum(terms)))


def test_the_comparison_sees_a_difference():
    chance = random.Random(1)
    same = [[chance.gauss(1, 0.2) for _ in range(2_000)] for _ in range(2)]
    assert difference(*same)[1] > 0.01
    assert difference(same[0], [value + 0.05 for value in same[1]])[1] < 1e-6


@pytest.mark.timings
def test_time_tells_nothing(gateway, clinician, full):
    chart = Chart(clinician)
    absent = chart.hidden[:-4] + "0000"
    token = gateway.signed("clinician", function="nurse")
    samples = SAMPLES_FULL if full == "timings" else SAMPLES
    least = CHANCE_FULL if full == "timings" else CHANCE
    asked = http.client.HTTPConnection("127.0.0.1", gateway.ports["06"])
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}

    def taken(path: str) -> float:
        begun = time.perf_counter()
        asked.request("GET", f"/fhir{path}", headers=headers)
        answer = asked.getresponse()
        answer.read()
        assert answer.status == 404
        return time.perf_counter() - begun

    for path in ("/Observation/{}", "/Observation/{}/_history/1", "/Observation/{}/$meta"):
        times: dict[str, list[float]] = {chart.hidden: [], absent: []}
        chance = random.Random(7)
        for name in (chart.hidden, absent) * 20:
            taken(path.format(name))
        for _ in range(samples):
            pair = list(times)
            chance.shuffle(pair)
            for name in pair:
                times[name].append(taken(path.format(name)))
        statistic, likely = difference(*times.values())
        medians = [sorted(each)[samples // 2] * 1e3 for each in times.values()]
        print(f"{path}: {samples} samples each, median {medians[0]:.3f} ms withheld, {medians[1]:.3f} ms absent, "
              f"D = {statistic:.4f}, p = {likely:.3g}")
        assert likely > least, path
