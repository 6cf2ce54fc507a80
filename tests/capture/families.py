"""Every family of networks whose attention is read, small, with seeded random weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import timm
import torch
from timm.layers import GatherExcite
from timm.layers.halo_attn import HaloAttn
from torch import nn
from torchvision import models
from torchvision.models.swin_transformer import (
    PatchMergingV2,
    SwinTransformer,
    SwinTransformerBlockV2,
)

from attnviz.models.zoo.cbam_small import cbam_small
from attnviz.models.zoo.ran_small import ran_small
from attnviz.models.zoo.vit_small import vit_small
from tests.capture.bam import Bam, Joined, Net, code, paper

SIZE = (64, 96)


@dataclass(frozen=True)
class Family:
    """How to build it, the input's size, and how many sites of each kind it has."""

    build: Callable[[], nn.Module]
    context: int = 0
    channel: int = 0
    spatial: int = 0
    size: tuple[int, int] = SIZE

    def make(self) -> nn.Module:
        """A seeded network in evaluation mode whose norms and biases are not what they start as."""
        torch.manual_seed(0)
        module = self.build().eval()
        for part in module.modules():
            if isinstance(part, (nn.BatchNorm2d, nn.LayerNorm)):  # some begin at zero, silent
                nn.init.uniform_(part.weight, 0.5, 1.5)
        return module

    def inputs(self, count: int = 2, seed: int = 1) -> torch.Tensor:
        """Seeded noise [count, 3, H, W]."""
        random = torch.Generator().manual_seed(seed)
        return torch.randn(count, 3, *self.size, generator=random)


def _timm(name: str, **options: Any) -> Callable[[], nn.Module]:
    return partial(timm.create_model, name, pretrained=False, num_classes=7, **options)


def _vit(name: str, **options: Any) -> Callable[[], nn.Module]:
    small: dict[str, Any] = {"img_size": SIZE, "embed_dim": 48, "num_heads": 3, "depth": 2}
    return _timm(name, **{**small, **options})


def _resnet(attention: object) -> Callable[[], nn.Module]:
    small = {"layers": (1, 1, 1, 1), "channels": (16, 32, 48, 64), "stem_width": 16}
    return _timm("resnet26", block_args={"attn_layer": attention}, **small)


def _torchvision_vit() -> nn.Module:
    return models.VisionTransformer(64, 16, 2, 2, 32, 64, num_classes=7)


def _torchvision_swin(**options: Any) -> nn.Module:
    return SwinTransformer([4, 4], 24, [2, 2], [2, 4], [4, 4], num_classes=7, **options)


def _torchvision_maxvit() -> nn.Module:
    return models.MaxVit((96, 96), 16, 4, [16, 32], [1, 1], 8, 0.0, num_classes=7)


def _hugging_face_vit() -> nn.Module:
    from transformers import ViTConfig, ViTForImageClassification

    return ViTForImageClassification(
        ViTConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
            image_size=SIZE, patch_size=16, num_labels=7,
        )
    )  # fmt: skip


def _hugging_face_dinov2() -> nn.Module:
    from transformers import Dinov2Config, Dinov2ForImageClassification

    return Dinov2ForImageClassification(
        Dinov2Config(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=64,
            patch_size=16, num_labels=7,
        )
    )  # fmt: skip


def _hugging_face_swin() -> nn.Module:
    from transformers import SwinConfig, SwinForImageClassification

    module = SwinForImageClassification(
        SwinConfig(
            image_size=64, patch_size=4, embed_dim=24, depths=[2, 2], num_heads=[2, 4],
            window_size=4, num_labels=7,
        )
    )  # fmt: skip
    for name, weight in module.named_parameters():
        if name.endswith("relative_position_bias_table"):  # begins at zero, as if there were none
            nn.init.normal_(weight, std=0.02)
    return module


def _bam(joined: Joined) -> nn.Module:
    return Net(Bam(16, joined))


CONTEXT: dict[str, Family] = {
    "torchvision ViT": Family(_torchvision_vit, 2, size=(64, 64)),
    "torchvision Swin": Family(_torchvision_swin, 4, size=(72, 88)),
    "torchvision SwinV2": Family(
        partial(_torchvision_swin, block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2),
        4,
        size=(72, 88),
    ),
    "torchvision MaxViT": Family(_torchvision_maxvit, 4, 2, size=(96, 96)),
    "timm ViT": Family(_vit("vit_tiny_patch16_224"), 2),
    "timm DeiT": Family(_vit("deit_tiny_distilled_patch16_224"), 2),
    "timm DeiT3": Family(_vit("deit3_small_patch16_224"), 2),
    "timm BEiT": Family(_vit("beit_base_patch16_224"), 2),
    "timm EVA-02": Family(_vit("eva02_tiny_patch14_224", img_size=(56, 84)), 2, size=(56, 84)),
    "timm DINOv2": Family(
        _vit("vit_small_patch14_reg4_dinov2", img_size=(56, 84)), 2, size=(56, 84)
    ),
    "timm DINOv3": Family(_vit("vit_small_patch16_dinov3"), 2),
    "timm SigLIP": Family(_vit("vit_base_patch16_siglip_224"), 3),
    "timm Swin": Family(
        _timm(
            "swin_tiny_patch4_window7_224",
            img_size=SIZE,
            window_size=4,
            embed_dim=24,
            depths=(2, 2),
            num_heads=(2, 4),
        ),
        4,
    ),
    "timm SwinV2": Family(
        _timm(
            "swinv2_tiny_window8_256",
            img_size=SIZE,
            window_size=4,
            embed_dim=24,
            depths=(2, 2),
            num_heads=(2, 4),
        ),
        4,
    ),
    "timm MaxViT": Family(
        _timm("maxvit_rmlp_pico_rw_256", img_size=(128, 192), depths=(1, 1, 2, 1)),
        10,
        5,
        size=(128, 192),
    ),
    "timm CoAtNet": Family(
        _timm("coatnet_nano_rw_224", img_size=(128, 192), depths=(1, 1, 2, 2)),
        4,
        2,
        size=(128, 192),
    ),
    "timm CaiT": Family(_vit("cait_xxs24_224", num_heads=4), 4),
    "timm PVT-v2": Family(_timm("pvt_v2_b0"), 8),
    "timm MobileViT": Family(_timm("mobilevit_xxs"), 9, size=(128, 192)),
    "timm MobileViT, few cells": Family(_timm("mobilevit_xxs"), 9),
    "timm BoTNet": Family(_timm("botnet26t_256", img_size=SIZE), 3),
    "timm Halo": Family(_timm("halonet26t"), 3, size=(256, 256)),
    "timm Halo, oblong": Family(
        _resnet(partial(HaloAttn, num_heads=2, block_size=2, halo_size=1)), 4, size=(64, 128)
    ),
    "timm GC": Family(_resnet("gc"), 4, 4),
    "timm GC, added": Family(_timm("gcresnet33ts"), 10),
    "timm non-local": Family(_resnet("nl"), 4),
    "vit-small": Family(partial(vit_small, 7, width=32, depth=3, heads=2), 3),
    "Hugging Face ViT": Family(_hugging_face_vit, 2),
    "Hugging Face DINOv2": Family(_hugging_face_dinov2, 2),
    "Hugging Face Swin": Family(_hugging_face_swin, 4),
}

GATES: dict[str, Family] = {
    "torchvision MobileNetV3": Family(partial(models.mobilenet_v3_small, num_classes=7), channel=9),
    "torchvision EfficientNet": Family(partial(models.efficientnet_b0, num_classes=7), channel=16),
    "torchvision RegNetY": Family(partial(models.regnet_y_400mf, num_classes=7), channel=16),
    "timm EfficientNet": Family(_timm("efficientnet_b0"), channel=16),
    "timm SE": Family(_resnet("se"), channel=4),
    "timm effective SE": Family(_resnet("ese"), channel=4),
    "timm ECA": Family(_resnet("eca"), channel=4),
    "timm CBAM": Family(_resnet("cbam"), channel=4, spatial=4),
    "timm light CBAM": Family(_resnet("lcbam"), channel=4, spatial=4),
    "timm SK": Family(_timm("skresnet18"), channel=8),
    "timm split attention": Family(_timm("resnest14d"), channel=4),
    "timm Gather-Excite": Family(
        _resnet(partial(GatherExcite, extent=2, use_mlp=False)), spatial=4
    ),
    "timm GhostNet-v2": Family(_timm("ghostnetv2_100"), channel=7, spatial=14),
    "BAM as in the paper": Family(partial(_bam, paper), spatial=1),
    "BAM as in the code": Family(partial(_bam, code), spatial=1),
    "ran-small": Family(partial(ran_small, 7, width=16), spatial=3),
    "cbam-small": Family(partial(cbam_small, 7, width=16), channel=5, spatial=5),
}

FAMILIES = CONTEXT | GATES
