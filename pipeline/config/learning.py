"""The sections ``tiles``, ``features``, ``augment``, ``network`` and ``train``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Fraction, Metres, Positive, Section, Seed
from pipeline.config.dataset import Name


class Tiles(Section):
    """The working grid on which masks are drawn, networks work and probabilities lie."""

    metres: Metres
    """Working resolution, metres per pixel."""


class NormalisedDifference(Section):
    """An index (a - b) / (a + b) of two bands, each written ``GROUP.band``."""

    name: Name
    a: str
    b: str


class Features(Section):
    """Input channels of the network, made from bands on the device that trains."""

    groups: tuple[Name, ...] = ()
    """Band groups to use; none named means all of the dataset."""
    indices: tuple[Literal["NDVI", "NDWI", "EVI", "SAVI", "CCCI"] | NormalisedDifference, ...] = ()
    """Spectral indices as extra channels."""
    bands: bool = True
    """Use the bands themselves, or their logarithms."""
    log: bool = False
    """Use the logarithm of the bands, under which illumination is an offset."""
    shape: bool = False
    """Add each band minus the mean of its group's bands: what is left without brightness."""
    contrast: tuple[Metres, ...] = ()
    """Add each band minus its local mean, once per side of the square in metres."""
    resampling: Literal["bilinear", "bicubic"] = "bilinear"
    """Interpolation of a group's pixels onto the working grid."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.bands or self.shape or self.contrast or self.indices):
            raise ValueError("no channel is left; set bands: true, or name contrast or indices")
        return self


class Enrichment(Section):
    """Augmentation beyond D4, by albumentations; each probability or amount 0 is off."""

    gain: Annotated[float, Field(ge=0, le=1)] = 0
    """Largest relative change of brightness of a whole patch."""
    noise: Annotated[float, Field(ge=0, le=2)] = 0
    """Largest standard deviation of Gaussian noise, in standard deviations of a channel."""
    channel_dropout: Fraction = 0
    """Probability that one channel of a patch is blanked."""
    rotation: Annotated[float, Field(ge=0, le=45)] = 0
    """Largest rotation, degrees."""
    cutout: Fraction = 0
    """Probability that rectangles of a patch are blanked."""


class Augment(Section):
    """Folds by place, and the sampling plan: windows x the eight elements of D4."""

    patch: Annotated[int, Field(ge=16, le=2048)] = 128
    """Side of a patch, working pixels."""
    stride: Positive = 64
    """Step between planned windows, working pixels; a drawn window moves by up to half of it."""
    folds: Annotated[int, Field(ge=2, le=50)] = 4
    same_place: tuple[tuple[str, str], ...] = ()
    """Regions (first part of a scene's id) that show the same ground at another date."""
    rare: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Oversampling: 0 draws windows evenly, 1 draws every class equally often."""
    d4: bool = True
    """Draw all eight views; false draws the identity only."""
    enrich: Enrichment = Enrichment()
    seed: Seed = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.stride > self.patch:
            raise ValueError(
                f"stride {self.stride} exceeds patch {self.patch}: ground would never be drawn; "
                f"set stride to at most {self.patch}"
            )
        return self


class UNet(Section):
    """The U-Net of our own."""

    kind: Literal["unet"] = "unet"
    width: Annotated[int, Field(ge=2, le=512)] = 16
    """Channels of the first level."""
    growth: Annotated[float, Field(ge=1, le=4)] = 2.0
    """Factor of channels from one level to the next."""
    depth: Annotated[int, Field(ge=1, le=7)] = 4
    """Number of levels; a patch's side must be divisible by 2 ** (depth - 1)."""
    convolutions: Annotated[int, Field(ge=1, le=4)] = 2
    """Convolutions per level."""
    normalisation: Literal["batch", "group", "instance", "none"] = "batch"
    activation: Literal["relu", "leaky_relu", "elu", "silu", "gelu"] = "relu"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0
    """Probability of dropping a channel after each level."""
    initialisation: Literal["he_uniform", "he_normal", "xavier_uniform", "xavier_normal"] = (
        "he_uniform"
    )

    def coarsest(self) -> int:
        """Pixels per pixel of the lowest level."""
        return 1 << (self.depth - 1)


class LibraryNetwork(Section):
    """A network of segmentation_models_pytorch, by name."""

    kind: Literal["smp"] = "smp"
    architecture: str = "unet"
    """Unet, UnetPlusPlus, FPN, ... in any case."""
    encoder: str = "resnet18"
    weights: str | None = None
    """Pretrained weights of the encoder by the library's name (downloads them); null for none."""

    def coarsest(self) -> int:
        """Pixels per pixel of the lowest level, in nearly all of the library's networks."""
        return 32


Network = Annotated[UNet | LibraryNetwork, Field(discriminator="kind")]


Pixels = Annotated[float, Field(ge=0)]


class Loss(Section):
    """L = sum_c w_c (a BCE_c + (1 - a) (1 - J_c)), J the soft Jaccard pooled over the batch."""

    cross_entropy: Fraction = 0.5
    """The share a of binary cross-entropy."""
    log_jaccard: bool = False
    """Use -log J instead of 1 - J."""
    smoothing: Pixels | dict[int, Pixels] = 1.0
    """Pixels added to intersection and union: one number, or one per class code (1 elsewhere)."""
    absent: Literal["ignore", "punish"] = "ignore"
    """What the Jaccard term does with a class that is absent from a batch: nothing, or count
    its false positives."""
    class_weights: dict[int, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Weight w_c per class code; 1 where none is given, scaled to sum to 1."""


class Train(Section):
    """One training per fold."""

    steps: Positive = 1000
    """Optimizer steps per fold."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """Limit of all folds' training time; each fold stops at its share and says so."""
    batch: Positive = 8
    optimizer: Literal["sgd", "adam", "adamw", "nadam"] = "adamw"
    rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Peak learning rate."""
    decay: Annotated[float, Field(ge=0, le=1)] = 1e-2
    """Weight decay, not on norms and biases."""
    schedule: Literal["constant", "cosine", "one_cycle", "linear"] = "one_cycle"
    clip: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient; null for no clipping."""
    average: Annotated[float, Field(ge=0, lt=1)] = 0
    """Decay of the moving average of weights that validation and prediction use; 0 is off."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the forward pass; auto is bfloat16 where the processor has it."""
    validations: Positive = 5
    """How often a fold is validated (and a checkpoint kept) during its steps."""
    patience: Positive | None = None
    """Stop a fold after so many validations without a better one; null never stops early."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    loss: Loss = Loss()
    seed: Seed = 0
