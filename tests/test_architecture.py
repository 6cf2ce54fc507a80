"""The recipes of ARCHITECTURE.md, followed word for word in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

_FILE = re.compile(
    r"^```(?:python|js|html|css)\n(?:#|//|/\*|<!--) (\S+)(?: \*/| -->)?\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FILES = dict(_FILE.findall((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")))

METHOD = """
import doctest
import torch
import attnviz
from attnviz.methods import mask_peak
from attnviz.methods.questions import methods_for
from attnviz.models.zoo.registry import build_network
from attnviz.pictures import open_sample

examples = doctest.testmod(mask_peak)
assert examples.failed == 0 and examples.attempted > 0
torch.manual_seed(0)
model = attnviz.wrap(build_network("tiny-masks", 3), attnviz.Preprocess(size=64))
picture = open_sample("china").reduced(200)
peak = attnviz.explain(model, picture, "mask-peak")
mean = attnviz.explain(model, picture, "soft-mask")
for one, other in zip(peak.maps, mean.maps, strict=True):
    assert (one >= other - 1e-6).all() and (one > other).any()
offered = methods_for(attnviz.load_model("ran-small", device="cpu").spec)
assert "mask-peak" in [method.name for method in offered]
"""

NETWORK = """
import torch
import attnviz
from attnviz.models.zoo.registry import build_network
from attnviz.pictures import open_sample

torch.manual_seed(0)
model = attnviz.wrap(build_network("tiny-masks", 3), attnviz.Preprocess(size=64))
result = attnviz.explain(model, open_sample("china").reduced(200), "soft-mask")
assert len(result.layers) == 1, result.layers
assert result.maps[0].shape[0] == 16 and 0 < result.maps[0].min() < result.maps[0].max() < 1
"""

PAGE = """
from streamlit.testing.v1 import AppTest

page = AppTest.from_file("pages/12_Brightness.py", default_timeout=300).run()
assert not page.exception, page.exception
inside, outside = (int(metric.value.split()[0]) for metric in page.metric)
assert 0 <= inside <= 255 and 0 <= outside <= 255 and inside != outside
from attnviz.ui.app import page_scripts
assert [path.name for path in page_scripts()][-1] == "12_Brightness.py"
"""

EXPORT = """
import io
from pathlib import Path
import numpy as np
from PIL import Image
from typer.testing import CliRunner
from attnviz.cli import cli
from attnviz.pictures import open_sample

Image.fromarray(open_sample("china").reduced(200).pixels).save("photo.png")
words = ["explain", "photo.png", "--save", "grey", "--layer", "stage2.attention"]
result = CliRunner().invoke(cli, [*words, "--device", "cpu", "--out", "out"])
assert result.exit_code == 0, result.output
pixels = np.asarray(Image.open("out/photo/stage2.attention.grey.png"))
assert pixels.min() == 0 and pixels.max() == 255
assert (pixels[..., 0] == pixels[..., 1]).all()
"""

COMPONENT = """
import json
import shutil
import subprocess
import numpy as np
from attnviz.viewer.blob import pack_blob
from attnviz.ui.components.sparkline.component import FOLDER, sparkline

values = np.asarray([0, 0.5, 1], np.float32)
lines = [
    f'import {{ mount }} from "{(FOLDER / "js" / "main.js").as_uri()}";',
    "const root = {};",
    f"const data = Uint8Array.from({json.dumps(list(pack_blob({}, {'values': values})))});",
    "mount({ parentElement: { querySelector: () => root }, data })();",
    "console.log(root.textContent);",
]
node = shutil.which("node")
if node is not None:
    command = [node, "--input-type=module", "-e", chr(10).join(lines)]
    drawn = subprocess.check_output(command, text=True, encoding="utf-8")
    assert drawn.strip() == "▁▅█", drawn
"""

TARGET = """
import doctest
import json
import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner
import attnviz
from attnviz.cli import cli
from attnviz.evidence.run import run_experiment
from attnviz.evidence.scoring import score_variants
from attnviz.pictures import open_sample
from attnviz.targets import against

examples = doctest.testmod(against)
assert examples.failed == 0 and examples.attempted > 0
picture = open_sample("china").reduced(200)
model = attnviz.load_model("ran-small", device="cpu")
result = attnviz.explain(model, picture, "grad-cam", against.Against("church"))
(asked,) = result.asked
chance = {one.label: one.probability for one in result.predictions}["church"]
assert abs(asked.prediction.probability - (1 - chance)) < 1e-5, asked
assert result.title == "Relevance for anything but church"
found, _ = run_experiment(
    model, picture, lambda one: score_variants(one, [one.inputs], 1), "against:church"
)
assert abs(found.probability[0] - (1 - chance)) < 1e-5

Image.fromarray(picture.pixels).save("asked.png")
words = ["explain", "asked.png", "--target", "against:church", "--method", "grad-cam"]
options = ["--model", "ran-small", "--layer", "best", "--save", "focus", "--json"]
told = CliRunner().invoke(cli, [*words, *options, "--device", "cpu", "--out", "asked"])
assert told.exit_code == 0, told.output
(path,) = json.loads(told.stdout)["files"]
assert path.endswith(".against-church.focus.png"), path

page = AppTest.from_file("app.py", default_timeout=300)
for name, value in {"model": "ran-small", "look": "grad-cam", "target": "against:church"}.items():
    page.query_params[name] = value
page.run()
assert not page.exception, page.exception
assert page.selectbox(key="target kind").value == "against"
assert page.selectbox(key="target against which").value == "church"
"""

RECIPES = {
    "sparkline": COMPONENT,
    "methods": METHOD,
    "brightness": PAGE,  # before the whole app: a new server opens its first page in another way
    "targets": TARGET,
    "zoo": NETWORK,
    "export": EXPORT,
}
# All in one process, because importing torch takes longer than what they do.
IN_TURN = """
import json
import sys
import traceback

failures = {}
for name, code in json.load(sys.stdin).items():
    try:
        exec(compile(code, name, "exec"), {"__name__": name})
    except BaseException:
        failures[name] = traceback.format_exc()
with open("failures.json", "w") as file:
    json.dump(failures, file)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the files of all recipes, and nothing else changed."""
    folder = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("attnviz", "pages"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    (folder / "assets").symlink_to(ROOT / "assets", target_is_directory=True)
    (folder / "docs").symlink_to(ROOT / "docs", target_is_directory=True)
    shutil.copyfile(ROOT / "app.py", folder / "app.py")
    for name, text in FILES.items():
        path = folder / name
        assert not path.exists(), f"{name} of the recipe is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_each_recipe_is_one_place() -> None:
    assert len(FILES) >= 6
    for name in RECIPES:
        homes = {path.partition(f"/{name}/")[0] for path in FILES if f"/{name}/" in path}
        assert len(homes) == 1, name


@pytest.fixture(scope="module")
def failures(copy: Path) -> dict[str, str]:
    """The tracebacks of the recipes that failed, of all that were followed in the copy."""
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        input=json.dumps(RECIPES),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads((copy / "failures.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_recipe_works(recipe: str, failures: dict[str, str]) -> None:
    assert recipe not in failures, failures[recipe]


def test_the_recipes_are_clean(copy: Path) -> None:
    """They pass the linter with the project's settings: a reader copies them as they are."""
    command = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, *(name for name in FILES if name.endswith(".py"))],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
