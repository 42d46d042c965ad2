"""The pilot report as a reader sees it: headless Chromium, both languages, a phone and a desk, light
and dark. Screenshots go to .cache/pilot-page. With --full pilot-page the browser must be there."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.gateway import ROOT, dossier
from harness.resources import JSON, created, observation, patient

pytestmark = pytest.mark.pilot_page
SHOTS = ROOT / ".cache/pilot-page"
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def browser(request):
    if CHROMIUM is None:
        import os
        assert os.environ.get("DOSSIER_FULL") != "pilot-page", "Chromium is missing: scripts/prepare browser"
        pytest.skip("Chromium is not installed: scripts/test --full pilot-page")
    return CHROMIUM


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A pilot with some use of both regions."""
    from harness.gateway import Gateway

    gateway = Gateway(tmp_path_factory.mktemp("page")).start()
    for region in ("06", "04"):
        dossier("demo", "--people", "3", "--region", region, "--ports", gateway.ports_text(), data=gateway.data)
        with gateway.client("clinician", region) as client:
            person = created(client, patient())
            held = created(client, observation(person["id"]))
            for _ in range(30):
                client.get(f"/Patient/{person['id']}")
            client.get("/Patient/nobody-at-all")
            client.put(f"/Observation/{held['id']}", json=held, headers=JSON | {"If-Match": 'W/"9"'})
            client.get(f"/Patient/{person['id']}", headers={"Emergency-Reason": "unconscious on arrival"})
    yield gateway
    gateway.stop()


def run(browser: str, folder: Path, *arguments: str) -> str:
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--disable-background-networking", "--no-first-run", "--hide-scrollbars",
               f"--user-data-dir={folder}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def size(png: Path) -> tuple[int, int]:
    head = png.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("width, scheme", [(390, "light"), (1200, "dark")])
def test_the_page_is_shown(browser, loaded, tmp_path, lang, width, scheme):
    SHOTS.mkdir(parents=True, exist_ok=True)
    shot = SHOTS / f"pilot-{lang}-{width}-{scheme}.png"
    shot.unlink(missing_ok=True)
    # Blink counts 0 as dark and 1 as light.
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    run(browser, tmp_path, f"--window-size={width},2400", *dark, f"--screenshot={shot}",
        f"{loaded.admin('06')}/pilot?lang={lang}")
    assert size(shot) == (width, 2400)
    # A blank page packs to almost nothing.
    assert shot.stat().st_size > 40_000, shot.stat().st_size


@pytest.mark.parametrize("lang, words", [("fr", "Les questions qui décident"), ("en", "The questions that decide")])
def test_a_phone_need_not_scroll_sideways_and_the_page_has_an_outline(browser, loaded, tmp_path, lang, words):
    """Measured in the browser, in a frame as wide as a phone."""
    page = subprocess.run(["curl", "-sS", f"{loaded.admin('06')}/pilot?lang={lang}"], capture_output=True, text=True, check=True).stdout
    probe = """<script>addEventListener('load',()=>{const d=document,f=d.documentElement;
      const over=[...d.body.querySelectorAll('*')].filter(e=>!e.closest('.scroll')&&!e.closest('svg')
        &&e.getBoundingClientRect().right>innerWidth+1).map(e=>e.tagName);
      const told={wide:f.scrollWidth,inner:innerWidth,over,lang:f.lang,h1:d.querySelectorAll('h1').length,
        h2:d.querySelectorAll('h2').length,unlabelled:[...d.querySelectorAll('svg')].filter(s=>!s.querySelector('title')).length,
        heads:[...d.querySelectorAll('th')].filter(t=>!t.scope).length};
      f.setAttribute('data-told',JSON.stringify(told))})</script>"""
    file = tmp_path / "page.html"
    file.write_text(page.replace("</body>", probe + "</body>"))
    dom = run(browser, tmp_path / "profile", "--window-size=500,900", "--virtual-time-budget=2000", "--dump-dom", file.as_uri())
    assert words in dom
    told = json.loads(dom.split('data-told="', 1)[1].split('"', 1)[0].replace("&quot;", '"'))
    assert told["wide"] <= told["inner"] and not told["over"], told
    assert (told["lang"], told["h1"], told["unlabelled"], told["heads"]) == (lang, 1, 0, 0)
    assert told["h2"] >= 2
