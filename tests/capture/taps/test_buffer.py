"""What is kept of a pass lies side by side and stays what it was."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.capture.taps.buffer import TensorBuffer


def test_copies_lie_beside_each_other_and_change_with_nothing() -> None:
    buffer, random = TensorBuffer(), torch.Generator().manual_seed(0)
    whole = torch.randn(4, 3, 5, 7, generator=random)
    parts = [whole[:, n].transpose(1, 2) for n in range(3)] + [whole[0, 0, 0].bfloat16()]
    kept = [buffer.store(part) for part in parts]
    expected = [part.clone() for part in parts]
    whole.zero_()
    for one, other in zip(kept, expected, strict=True):
        assert one.is_contiguous()
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    assert len({one.untyped_storage().data_ptr() for one in kept}) == 1
    ends = [(one.data_ptr(), one.data_ptr() + one.numel() * one.element_size()) for one in kept]
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def test_what_is_too_large_for_a_piece_has_memory_of_its_own() -> None:
    buffer = TensorBuffer()
    small, large = torch.ones(3), torch.ones(5_000_000)
    first, second, third = buffer.store(small), buffer.store(large), buffer.store(small)
    assert torch.equal(second, large)
    assert second.untyped_storage().nbytes() == 20_000_000
    assert first.untyped_storage().data_ptr() == third.untyped_storage().data_ptr()


@pytest.mark.slow
def test_queries_and_keys_of_a_large_input_are_kept_on_it() -> None:
    """All layers in pieces of 64 MB, and nothing of the projections that they are parts of."""
    import timm

    torch.manual_seed(0)
    network = timm.create_model(
        "vit_small_patch16_224", img_size=640, depth=3, embed_dim=384, num_classes=5
    ).eval()
    inputs = torch.randn(1, 3, 640, 640)
    read = capture(network, inputs, find_sites(network, Kind.CONTEXT, inputs)).context
    pieces = {
        value.untyped_storage().data_ptr(): value.untyped_storage().nbytes()
        for one in read
        for value in (one.q, one.k)
    }
    assert list(pieces.values()) == [64 * 2**20]
