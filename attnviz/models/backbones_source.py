"""Catalogue entries of networks that learned features, and no classes, with timm's weights.

Their side and shape of input are free: position embeddings are interpolated on the fly, so pictures
are neither stretched nor cropped. Networks that learned from views of many sizes (DINO and its
successors) run on 384 pixels and more, where their maps are fine; the others on the size that they
were trained on, unless asked for a larger one.

Where nobody states the sum of a file, that of the first download is remembered (`known_sums`). What
was loaded is told by its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from attnviz.models.hub_weights import PublishedFile
from attnviz.models.preprocess import (
    CLIP_MEAN,
    CLIP_STD,
    HALF,
    IMAGENET_MEAN,
    IMAGENET_STD,
    Preprocess,
)
from attnviz.models.scores import ScoreKind
from attnviz.models.spec import ModelSpec, Source
from attnviz.models.timm_source import as_timm_loads, build_timm

_ANY_SIZE = {"dynamic_img_size": True}
_BYTES = 4  # per parameter, as float32
_UNSTATED = PublishedFile()


@dataclass(frozen=True)
class _Backbone:
    """One network: what users call it, what timm calls it, and what it was trained on."""

    name: str
    title: str
    timm_name: str
    parameters: int
    learned: str
    side: int
    patch: int = 16
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    licence: str = "Apache-2.0"
    repository: str = ""
    file: PublishedFile = _UNSTATED
    bytes: int | None = None
    layout: str = "NTC"
    options: dict[str, Any] = field(default_factory=lambda: _ANY_SIZE, hash=False)


_DINO = "by itself, from ImageNet without labels (Caron et al., 2021)"
_DINOV2 = "by itself, from 142 million photos without labels (Oquab et al., 2023)"
_REGISTERS = f"{_DINOV2[:-1]}; Darcet et al., 2024)"
_DINOV3 = "by itself, from 1.7 billion photos without labels (Siméoni et al., 2025)"
_MAE = "by painting in what is hidden of ImageNet's photos (He et al., 2022)"
_SIGLIP = "to tell which caption belongs to a photo (Zhai et al., 2023)"
_SIGLIP2 = "to tell which caption belongs to a photo, and where (Tschannen et al., 2025)"
_CLIP = "to tell which caption belongs to a photo (Radford et al., 2021)"
_EVA = "by guessing CLIP's features of what is hidden of ImageNet-22k's photos (Fang et al., 2023)"
_BEIT = "by guessing what is hidden of photos and their captions (Wang et al., 2023)"
_SAM = "to outline what is pointed at (Kirillov et al., 2023); this is its encoder"
_NON_COMMERCIAL = "CC BY-NC 4.0"
_META = "DINOv3 License"
_AUTHORS = "https://dl.fbaipublicfiles.com/"  # DINO's, DINOv2's and the masked autoencoder's

_BACKBONES = (
    _Backbone(
        "dinov2-small", "DINOv2, small", "vit_small_patch14_dinov2.lvd142m", 22_056_192,
        _DINOV2, 392, 14,
        file=PublishedFile(
            "4610ca143709d58a633b6397a74412c2c3842454",
            "04d27f3400d059fc0cfd7d17dd1909a75bf3ea8fb3eeb48b97cb99e57ee20081",
        ),
    ),
    _Backbone(
        "dinov2-base", "DINOv2, base", "vit_base_patch14_dinov2.lvd142m", 86_579_712,
        _DINOV2, 392, 14,
        file=PublishedFile(
            "4685c99dabffe5affac90bd99dbffd25801ae58d",
            "55cbb5d887b336d430e649c277b85a1429e724871f9d02ac16203235886d8c7b",
        ),
    ),
    _Backbone(
        "dinov2-small-registers", "DINOv2 with registers, small",
        "vit_small_patch14_reg4_dinov2.lvd142m", 22_057_344, _REGISTERS, 392, 14,
        file=PublishedFile(
            address=_AUTHORS + "dinov2/dinov2_vits14/dinov2_vits14_reg4_pretrain.pth",
            sha256="f433177089a681826f849f194ece3bb48f4d63fb38d32fc837e3dc7a4e5641fb",
        ),
    ),
    _Backbone(
        "dinov2-base-registers", "DINOv2 with registers, base",
        "vit_base_patch14_reg4_dinov2.lvd142m", 86_582_016, _REGISTERS, 392, 14,
        file=PublishedFile(
            address=_AUTHORS + "dinov2/dinov2_vitb14/dinov2_vitb14_reg4_pretrain.pth",
            sha256="73182a088cf94833c94b1666d1c99e02fe87e2007bff57b564fb6206e25dba71",
        ),
    ),
    _Backbone(
        "dinov3-small", "DINOv3, small", "vit_small_patch16_dinov3.lvd1689m", 21_586_944,
        _DINOV3, 384, licence=_META,
        file=PublishedFile(
            "3bf4720a82ec2066db88137180ff1f83a675cef0",
            "2a1ec16ae28ffa07bc0ead0241ee7df9fc26451fe6f9f839b7b3afa0a906b040",
        ),
    ),
    _Backbone(
        "dinov3-base", "DINOv3, base", "vit_base_patch16_dinov3.lvd1689m", 85_641_216,
        _DINOV3, 384, licence=_META,
        file=PublishedFile(
            "c6a5fb7d12bbd3cf3b0079253141c3332aaed7da",
            "1f9ed8a2378d65e24bb710ba522ac9fa7be4e036d7aefb4384ce022833926332",
        ),
    ),
    _Backbone(
        "dino-small", "DINO, small", "vit_small_patch16_224.dino", 21_665_664, _DINO, 384,
        file=PublishedFile("10e440b8a34dfd657a90f2fcaa988c6b6a2f0da4"),
    ),
    _Backbone(
        "dino-base", "DINO, base", "vit_base_patch16_224.dino", 85_798_656, _DINO, 384,
        file=PublishedFile(
            address=_AUTHORS + "dino/dino_vitbase16_pretrain/dino_vitbase16_pretrain.pth",
            sha256="bf34ad0f424b9029b593e8dc3ed553bf26e88bcba0d32bf3e62a6209cb64c85e",
        ),
    ),
    _Backbone(
        "mae-base", "Masked autoencoder, base", "vit_base_patch16_224.mae", 85_798_656, _MAE, 224,
        licence=_NON_COMMERCIAL,
        file=PublishedFile(
            address=_AUTHORS + "mae/pretrain/mae_pretrain_vit_base.pth",
            sha256="aec5f0b68e5f3193a00b07bc65a37440db549c15b36b8bea242606cc40c4bc5d",
        ),
    ),
    _Backbone(
        "clip-base", "CLIP's image tower, base", "vit_base_patch16_clip_quickgelu_224.openai",
        86_193_152, _CLIP, 224, mean=CLIP_MEAN, std=CLIP_STD,
        repository="timm/vit_base_patch16_clip_224.openai",
        file=PublishedFile(  # with the text tower: of the smaller one nobody states the sum
            "977e3dd0ec55ab8da155f2fbeb6b5f54948b6e3d",
            "4b8699299b1e8997753c64b052ba32031449d5d853f55a039148560ee02b820f",
            file="open_clip_model.safetensors",
        ),
        bytes=598_516_980,
    ),
    _Backbone(
        "siglip-base", "SigLIP's image tower, base", "vit_base_patch16_siglip_224.webli",
        92_884_224, _SIGLIP, 224, mean=HALF, std=HALF,
    ),
    _Backbone(
        "siglip2-base", "SigLIP 2's image tower, base", "vit_base_patch16_siglip_256.v2_webli",
        92_930_304, _SIGLIP2, 256, mean=HALF, std=HALF,
    ),
    _Backbone(
        "eva02-small", "EVA-02, small", "eva02_small_patch14_224.mim_in22k", 21_621_120,
        _EVA, 224, 14, mean=CLIP_MEAN, std=CLIP_STD, licence="MIT",
        file=PublishedFile(
            "79c7d4274f6dbf202549d8f976ae24eeaf97e5ad",
            "d3d632352efbd0a0a8269dce114ab8a214833f85ce6f738860221f11ab0f0c2f",
        ),
    ),
    _Backbone(
        "eva02-base", "EVA-02, base", "eva02_base_patch14_224.mim_in22k", 85_758_720,
        _EVA, 224, 14, mean=CLIP_MEAN, std=CLIP_STD, licence="MIT",
    ),
    _Backbone(
        "beit3-base", "BEiT-3's image tower, base", "beit3_base_patch16_224.pt", 85_890_816,
        _BEIT, 224,
    ),
    _Backbone(
        "sam-base", "Segment Anything's encoder, base", "samvit_base_patch16.sa1b", 89_670_912,
        _SAM, 512, layout="NCHW", options={},
        file=PublishedFile(
            "c6db726d87cbba7788e026776b46c5db3aa1594b",
            "31a9f4edc394c5ae7a96045576570189a354ada86094a5842bcc9a05a8939ea2",
        ),
    ),
)  # fmt: skip


@cache
def backbone_specs() -> tuple[ModelSpec, ...]:
    """List the networks without classes, without importing timm."""
    return tuple(map(_spec, _BACKBONES))


def _spec(one: _Backbone) -> ModelSpec:
    build = partial(build_timm, one.timm_name, **one.options)
    return ModelSpec(
        name=one.name,
        title=one.title,
        source=Source.TIMM,
        kinds=("context", "features"),
        embedded=False,
        download_bytes=one.bytes or one.parameters * _BYTES,
        parameters=one.parameters,
        build=build,
        weights=one.file.weights(
            one.name,
            one.repository or f"timm/{one.timm_name}",
            partial(as_timm_loads, build),
        ),
        preprocess=Preprocess(size=one.side, multiple=one.patch, mean=one.mean, std=one.std),
        labels=(),
        note=f"Names no classes. It learned {one.learned}.",
        layout=one.layout,
        scores=ScoreKind.NONE,
        licence=one.licence,
    )
