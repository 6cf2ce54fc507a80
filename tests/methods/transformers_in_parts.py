"""Vision transformers of several libraries, and the parts of them that a test's own sum reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from timm.layers import LayerScale
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

SIDE, PATCH, CLASSES = 16, 4, 3
SMALL = {"img_size": SIDE, "patch_size": PATCH, "embed_dim": 16, "num_heads": 2, "depth": 3}


@dataclass
class Network:
    """A vision transformer, and the parts of it that the test's own sum reads.

    `added` are modules that return what attention adds to the sum, `offsets` the part of that which
    no token brings, `weight` [classes, width] the linear layer behind the norm.
    """

    module: nn.Module
    added: Sequence[nn.Module]
    offsets: Sequence[Tensor]
    norm: nn.LayerNorm
    weight: Tensor
    bias: Tensor | float = 0.0
    pooled: Callable[[Tensor], Tensor] = field(default=lambda tokens: tokens[:, 0])


def stirred(module: nn.Module) -> nn.Module:
    """Weights at which no norm is plain and no offset is zero."""
    torch.manual_seed(3)
    for name, weight in module.named_parameters():
        nn.init.normal_(weight, 1.0 if "norm" in name or "ln" in name else 0.0, 0.3)
    return module.eval()


def of_timm(**options: object) -> Network:
    net = VisionTransformer(num_classes=CLASSES, **SMALL, **options)  # type: ignore[arg-type]
    stirred(net)
    scaled = [isinstance(block.ls1, LayerScale) for block in net.blocks]
    added = [b.ls1 if one else b.attn for b, one in zip(net.blocks, scaled, strict=True)]
    offsets = [block.ls1(block.attn.proj.bias) for block in net.blocks]
    return Network(net, added, offsets, net.norm, net.head.weight, net.head.bias)


def of_the_mean() -> Network:
    """Which classifies the mean of all patches, so all of them are queries."""
    found = of_timm(global_pool="avg", class_token=False, fc_norm=False)
    found.pooled = lambda tokens: tokens.mean(1)
    return found


def of_torchvision() -> Network:
    from torchvision.models import VisionTransformer as Other

    net = Other(SIDE, PATCH, 3, 2, 16, 32, num_classes=CLASSES)
    stirred(net)
    attention = [layer.self_attention for layer in net.encoder.layers]
    offsets = [one.out_proj.bias for one in attention]
    head = net.heads.head
    return Network(net, attention, offsets, net.encoder.ln, head.weight, head.bias)


def of_hugging_face(attention: str) -> Network:
    import transformers

    config = transformers.ViTConfig(
        hidden_size=16, intermediate_size=32, num_attention_heads=2, num_hidden_layers=3,
        image_size=SIDE, patch_size=PATCH, num_labels=CLASSES, attn_implementation=attention,
    )  # fmt: skip
    net = transformers.ViTForImageClassification(config)
    stirred(net)
    dense = [part.dense for name, part in net.named_modules() if name.endswith("attention.output")]
    if not dense:
        dense = [part for name, part in net.named_modules() if name.endswith("attention.o_proj")]
    offsets = [one.bias for one in dense]
    return Network(
        net, dense, offsets, net.vit.layernorm, net.classifier.weight, net.classifier.bias
    )


NETWORKS: dict[str, Callable[[], Network]] = {
    "timm": of_timm,
    "layer scale and registers": lambda: of_timm(init_values=0.5, reg_tokens=2),
    "mean of patches": of_the_mean,
    "torchvision": of_torchvision,
    "Hugging Face, fused": lambda: of_hugging_face("sdpa"),
    "Hugging Face, in steps": lambda: of_hugging_face("eager"),
}
