"""Which files of weights are those that timm publishes."""

from __future__ import annotations

import re
from typing import Any

from attnviz.models.spec import ModelSpec

# timm gave these addresses until version 0.6.13, and now takes the same weights from the hub alone.
FORMER = {
    "mobilevit_xxs-ad385b40.pth",
    "mobilevit_s-38a5a959.pth",
    "skresnet18_ra-4eec2804.pth",
    "skresnet34_ra-bdc0ccde.pth",
    "gluon_resnest14-9c8fe254.pth",
    "resnest50-528c19ca.pth",
    "pvt_v2_b2.pth",
}


def assert_published(spec: ModelSpec, config: Any) -> None:
    """The file is the one in timm's repository on the hub, or that of which timm made it."""
    url = spec.weights.url or spec.weights.unpinned_url
    if url.startswith("https://huggingface.co/"):
        assert re.fullmatch(
            re.escape(f"https://huggingface.co/{config.hf_hub_id}/resolve/")
            + r"(main|[0-9a-f]{40})/(open_clip_)?model\.safetensors",
            url,
        )
    elif url.rpartition("/")[2] in FORMER:
        assert re.match(
            "https://github.com/(huggingface/pytorch-image-models|whai362/PVT)/releases/", url
        )
    else:
        assert url == config.url.replace("/rwightman/", "/huggingface/")
