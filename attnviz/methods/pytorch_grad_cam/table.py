"""The CAM methods of pytorch-grad-cam: names, papers, formulas and what they need."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from attnviz.capture.site import Layout
from attnviz.methods.pytorch_grad_cam.sign import Sign


class Variation(Enum):
    """What a method varies between its passes: nothing, channels, layers, or windows."""

    NOTHING = 0
    CHANNELS = 1
    LAYERS = 2
    WINDOWS = 3


class Entry(NamedTuple):
    """One row of the table below; its fields become class variables of a `LibraryCam`.

    Attributes
    ----------
    name, title, paper, formula, gradients
        As in `Method`.
    cam_class
        Name of the class in pytorch-grad-cam.
    classless
        Whether the map is the same for every class.
    varies
        What it varies between its passes.
    all_blocks
        Whether it reads all blocks by default, and not only the last one.
    whole
        Whether it makes a single map for the whole network.
    layouts
        Layouts of the blocks that it can read.
    sign
        What decides the sign of its map; see `oriented`.
    needs_class
        As in `Method`.
    """

    name: str
    cam_class: str
    title: str
    paper: str
    formula: str
    gradients: bool = True
    classless: bool = False
    varies: Variation = Variation.NOTHING
    all_blocks: bool = False
    whole: bool = False
    layouts: tuple[Layout, ...] = tuple(Layout)
    sign: Sign = Sign.LIBRARY
    needs_class: bool = False


TABLE = (
    Entry(
        "score-cam", "ScoreCAM", "Score-CAM", "Wang et al., CVPRW 2020, arXiv 1910.01279",
        "relu(sum over c of w_c A_c), w = softmax over c of the score of the picture times A_c",
        gradients=False, varies=Variation.CHANNELS,
    ),
    Entry(
        "ablation-cam", "AblationCAM", "Ablation-CAM", "Desai & Ramaswamy, WACV 2020",
        "relu(sum over c of w_c A_c), w_c = share of the score lost without channel c",
        gradients=False, varies=Variation.CHANNELS,
        layouts=(Layout.CHANNELS_FIRST, Layout.TOKENS, Layout.SEQUENCE_FIRST),
    ),
    Entry(
        "eigen-cam", "EigenCAM", "Eigen-CAM", "Muhammad & Yeasin, IJCNN 2020, arXiv 2008.00299",
        "first principal component of A over positions, strong activation up", gradients=False,
        classless=True, sign=Sign.ACTIVATION,
    ),
    Entry(
        "eigen-grad-cam", "EigenGradCAM", "Eigen-Grad-CAM",
        "pytorch-grad-cam, after Muhammad & Yeasin, IJCNN 2020, arXiv 2008.00299",
        "first principal component of G A over positions, support of the class up",
        sign=Sign.SUPPORT,
    ),
    Entry(
        "seg-eigen-cam", "SegEigenCAM", "Seg-Eigen-CAM",
        "Chung & Ying, Applied Sciences 2025, doi 10.3390/app15137562",
        "first principal component of |G| A over positions, its larger side up",
    ),
    Entry(
        "kpca-cam", "KPCA_CAM", "KPCA-CAM", "Karmani et al. 2024, arXiv 2410.00267",
        "first kernel principal component of A over positions, strong activation up",
        gradients=False, classless=True, sign=Sign.ACTIVATION,
    ),
    Entry(
        "fem", "FEM", "FEM (places that stand out)", "Fuad et al., IPTA 2020, hal-02963298",
        "sum over c of A_c times the share of places with A_c > mean + 2 standard deviations",
        gradients=False, classless=True, all_blocks=True,
    ),
    Entry(
        "finer-cam", "FinerCAM", "Finer-CAM", "Zhang et al., CVPR 2025, arXiv 2501.11309",
        "Grad-CAM of the score less that of the three classes nearest to it", all_blocks=True,
        needs_class=True,
    ),
    Entry(
        "grad-cam-elementwise", "GradCAMElementWise", "Grad-CAM, element by element",
        "pytorch-grad-cam, after Selvaraju et al., ICCV 2017, arXiv 1610.02391",
        "sum over c of relu(G_c A_c)", all_blocks=True,
    ),
    Entry(
        "shapley-cam", "ShapleyCAM", "Shapley-CAM", "Cai 2025, arXiv 2501.06261",
        "relu(sum over c of w_c A_c), w_c = mean of G_c - H A / 2, H: second derivatives",
        layouts=(Layout.CHANNELS_FIRST,),
    ),
    Entry(
        "random-cam", "RandomCAM", "Random weights (for comparison)", "pytorch-grad-cam",
        "relu(sum over c of w_c A_c), w_c even in -1..1", classless=True, all_blocks=True,
    ),
    Entry(
        "fullgrad", "FullGrad", "FullGrad", "Srinivas & Fleuret, NeurIPS 2019, arXiv 1905.00780",
        "|x dS/dx| + sum over layers of |b dS/db|, each stretched", whole=True,
        layouts=(Layout.CHANNELS_FIRST,),
    ),
    Entry(
        "refine-cam", "RefineCAM", "RefineCAM", "arXiv 2605.14641",
        "product over layers of stretched Grad-CAM++", varies=Variation.LAYERS, whole=True,
        all_blocks=True,
    ),
    Entry(
        "sess", "SESS", "SESS (windows of many sizes)", "Tursun et al., arXiv 2207.01769",
        "mean of Grad-CAM over windows at twelve sizes, weighed by their score",
        varies=Variation.WINDOWS, whole=True,
    ),
)  # fmt: skip
