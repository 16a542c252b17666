"""Kinds without a multiply-accumulate: what they do is element-wise, moves numbers, looks them up, or is a statistic.

A multiply-accumulate is one product added into a sum, as in a convolution or a matrix product. Products that are added
to nothing (`Multiply`, scaling, gates), sums and means without products (pooling), normalisation with its statistics,
and interpolation in resizing are none. This is how published tables count, such as those of MobileNetV2 (Sandler et
al. 2018) and ResNet (He et al. 2016). A kind that is in no list here and has no rule in `work` is not counted at all.
"""

from __future__ import annotations

_ELEMENTWISE = """
Activation ActivityRegularization Add AlphaDropout Average BatchNormalization CustomScaleLayer Dropout ELU
GaussianDropout GaussianNoise GroupNormalization Identity LayerNormalization LayerScale LeakyReLU Masking Maximum
Minimum Multiply Normalization PReLU RMSNormalization ReLU Rescaling Softmax SpatialDropout1D SpatialDropout2D
SpatialDropout3D StochasticDepth Subtract UnitNormalization
"""
_POOLING = """
AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D
AdaptiveMaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalAveragePooling1D GlobalAveragePooling2D
GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D
SumPooling2D
"""
_PLACES = """
CenterCrop Concatenate Cropping1D Cropping2D Cropping3D Flatten InputLayer Permute RepeatVector Reshape Resizing
UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
"""
_LOOKED_UP = "CategoryEncoding Discretization Embedding HashedCrossing Hashing IntegerLookup StringLookup"
_AUGMENTATION = """
AugMix AutoContrast CutMix Equalization MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorDegeneration
RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur
RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
RandomSharpness RandomShear RandomTranslation RandomZoom Solarization
"""
NO_WORK_LAYERS = frozenset(f"{_ELEMENTWISE} {_POOLING} {_PLACES} {_LOOKED_UP} {_AUGMENTATION}".split())
"""Layers; the random ones pass images on as they are outside of training."""

_ELEMENTWISE_OPS = """
Abs Absolute Add Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh BatchNorm BitwiseAnd BitwiseInvert BitwiseNot
BitwiseOr BitwiseXor Cast Cbrt Ceil Celu Clip Copy Cos Cosh Deg2rad Divide DivideNoNan Elu Equal Erf Erfc Erfinv Exp
Exp2 Expm1 Fabs Floor FloorDivide Fmax Fmin Fmod Gelu Glu Greater GreaterEqual HardShrink HardSigmoid HardSilu
HardTanh Hypot IsIn Isclose Isfinite Isinf Isnan LayerNorm LeakyRelu Less LessEqual Log Log10 Log1p Log2
LogSigmoid LogSoftmax Logaddexp LogicalAnd LogicalNot LogicalOr LogicalXor Maximum Minimum Mod Multiply NanToNum
Negative Normalize NotEqual OnesLike Outer Power RMSNorm Rad2deg Reciprocal Relu Relu6 Round Rsqrt
SaturateCast Selu Sigmoid Sign Silu Sin Sinc Sinh SoftShrink Softmax Softplus Softsign SparsePlus SparseSigmoid
Sparsemax Sqrt Square Squareplus StopGradient Subtract Tan Tanh TanhShrink Threshold Tril Triu TrueDivide Trunc Where
ZerosLike
"""
_STATISTICS_OPS = """
AdaptiveAveragePool AdaptiveMaxPool All Amax Amin Any Argmax Argmin Argsort AveragePool CountNonzero Cumsum Logsumexp
Max MaxPool Mean Median Min Moments Prod Quantile Sort Std Sum TopK Var
"""
_PLACES_OPS = """
BroadcastTo Concatenate CropImages DepthToSpace Diagonal Dstack ExtractPatches Flip Fliplr Flipud GetItem Hstack
MultiHot OneHot Pad PadImages Repeat Resize Roll Rot90 Slice SpaceToDepth Split Stack Take TakeAlongAxis Unfold Unstack
Vstack
"""
REORDERING_OPS = frozenset(
    ("ExpandDims", "Moveaxis", "Ravel", "Rearrange", "Reshape", "Squeeze", "Swapaxes", "Transpose")
)
"""Bare operations that keep all numbers: if one image has more or fewer of them behind it, it mixes images."""
NO_WORK_OPS = frozenset(f"{_ELEMENTWISE_OPS} {_STATISTICS_OPS} {_PLACES_OPS}".split()) | REORDERING_OPS
"""Bare operations, whose classes may have the name of a layer and do something else: ``ops.dot`` is not ``Dot``."""
