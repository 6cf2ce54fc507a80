"""Files of weights are the published ones, wherever a sum is stated; but for the user's own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from attnviz.errors import WeightsError, WeightsUnavailableError
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.spec import WeightsRef
from attnviz.models.weights import find_weights, is_here, stored_weights
from attnviz.ui.kit.model_list import model_title
from tests.models.web_server import Reply, Web

WHOLE, HALF = b"whole" * 1000, b"half" * 1000
SUM = hashlib.sha256(WHOLE).hexdigest()
NAME = "tiny.in1k.pth"

# Of their files nobody states the sum and a fixed address, as far as is known.
UNSURE = {
    "vit_little_patch16_reg4_gap_256.sbb_in1k",
    "vit_medium_patch16_reg4_gap_256.sbb_in12k_ft_in1k",
    "deit3_small_patch16_224.fb_in22k_ft_in1k",
    "beit_base_patch16_224.in22k_ft_in22k_in1k",
    "beitv2_base_patch16_224.in1k_ft_in22k_in1k",
    "eva02_tiny_patch14_336.mim_in22k_ft_in1k",
    "eva02_small_patch14_336.mim_in22k_ft_in1k",
    "cait_xxs24_224.fb_dist_in1k",
    "cait_s24_224.fb_dist_in1k",
    "pvt_v2_b0.in1k",
    "dino-small",
    "siglip-base",
    "siglip2-base",
    "eva02-base",
    "beit3-base",
    "clip-words-base16",
    "clip-words-languages",
    "siglip-words-base16",
    "siglip-words-languages",
}


def test_files_are_fixed_by_a_sum_and_a_lasting_address_or_not_downloaded() -> None:
    every = {spec.name: spec.weights for spec in list_models() if spec.weights}
    refs = {name: ref for name, ref in every.items() if ref.url}
    for name, ref in refs.items():
        assert re.fullmatch("[0-9a-f]{8,64}", ref.sha256), name
        if urlsplit(ref.url).hostname == "huggingface.co":
            assert re.search("/[0-9a-f]{40}/", str(ref.url)), name
    assert {name for name, ref in every.items() if ref.unpinned_url} == UNSURE & every.keys()
    assert not UNSURE & refs.keys()
    whole = [ref.sha256 for ref in refs.values() if len(ref.sha256) == 64]
    assert len(set(whole)) == len(whole) >= 20  # none was copied to another network


def test_an_address_that_is_not_pinned_is_used_where_the_user_wants_it(
    web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = replace(find_model("beit3-base"), download_bytes=346_000_000)
    ref = WeightsRef(NAME, unpinned_url=web.add("hub", Reply(WHOLE)))
    spec = replace(spec, weights=ref)
    with pytest.raises(WeightsUnavailableError, match="not downloaded by itself") as caught:
        find_weights(ref)
    for part in (ref.unpinned_url, str(cache), "ATTNVIZ_UNPINNED_WEIGHTS=1"):
        assert part in str(caught.value)
    assert model_title(spec).endswith(" · file to add")
    monkeypatch.setenv("ATTNVIZ_UNPINNED_WEIGHTS", "1")
    assert model_title(spec).endswith(" · ↓ 346 MB")
    assert find_weights(ref).sha256 == SUM
    web.pages["/hub"] = Reply(HALF)
    (cache / NAME).unlink()
    with pytest.raises(WeightsError, match="is not the file that was here first"):
        find_weights(ref)


def test_a_variant_is_taken_from_the_users_folder_alone(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one in half precision, under the name that safetensors have."""
    ref = WeightsRef(NAME, sha256=SUM[:8], variants=True)
    own = tmp_path / "mine" / Path(NAME).with_suffix(".safetensors").name
    for place in (own, cache / NAME):
        place.parent.mkdir(parents=True)
        place.write_bytes(HALF)
    with pytest.raises(WeightsError, match=f"should begin with {SUM[:8]}"):
        find_weights(ref)
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(own.parent))
    found = find_weights(ref)
    assert (found.path, found.sha256) == (own, hashlib.sha256(HALF).hexdigest())
    (own.parent / NAME).write_bytes(WHOLE)  # the published name comes first
    assert find_weights(ref).path == own.parent / NAME
    (own.parent / NAME).write_bytes(HALF)
    with pytest.raises(WeightsError, match=f"should begin with {SUM[:8]}"):
        find_weights(WeightsRef(NAME, sha256=SUM[:8]))


def test_what_an_earlier_version_downloaded_is_still_there(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under its name of then, or of another file's sum: but only if it is still that file."""
    ref = WeightsRef(NAME, "https://example.org/never-asked", SUM, variants=True)
    earlier = cache / Path(NAME).with_suffix(".safetensors").name
    notes = cache.parent / "checksums"
    for place in (cache, notes):
        place.mkdir(parents=True)
    earlier.write_bytes(HALF)
    assert stored_weights(ref) is None  # nobody knows where it is from
    for path in (earlier, cache / NAME):
        path.write_bytes(HALF)
        (notes / f"{path.name}.sha256").write_text(hashlib.sha256(HALF).hexdigest())
        assert find_weights(ref).path == path
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(cache / ".." / "checkpoints"))
    assert find_weights(ref).sha256 == hashlib.sha256(HALF).hexdigest()
    (cache / NAME).write_bytes(HALF * 2)
    with pytest.raises(WeightsError, match=f"should begin with {SUM}"):
        find_weights(ref)


def test_a_damaged_note_of_an_earlier_download_costs_its_network_alone(cache: Path) -> None:
    spec = find_model("beit3-base")
    assert spec.weights is not None
    earlier = cache / Path(spec.weights.file_name).with_suffix(".safetensors").name
    notes = cache.parent / "checksums"
    for place in (cache, notes):
        place.mkdir(parents=True)
    earlier.write_bytes(HALF)
    (notes / f"{earlier.name}.sha256").write_text("damaged")
    assert is_here(spec)  # the lists of all networks ask this
    with pytest.raises(WeightsError, match=r"\.sha256 should hold the checksum"):
        find_weights(spec.weights)
