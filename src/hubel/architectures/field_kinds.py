"""Kinds of layers and of bare operations, by what they do to places; names are Keras' class names.

Every random layer is checked against Keras' source: in prediction it passes the image on as it is.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


RANDOM = _names("""
AlphaDropout AugMix CutMix Dropout GaussianDropout GaussianNoise MaxNumBoundingBoxes MixUp RandAugment
RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D StochasticDepth
""")
"""Change images in training only."""

POINTWISE_LAYERS = RANDOM | _names("""
ActivityRegularization Add Average BatchNormalization CustomScaleLayer ELU Identity LayerScale LeakyReLU Maximum Minimum
Multiply Normalization PReLU ReLU Rescaling Subtract
""")
"""Each number of the output depends on the same place of the inputs, smaller ones repeated."""

POINTWISE_OPERATIONS = _names("""
Absolute Add Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh BatchNorm BitwiseAnd BitwiseInvert BitwiseNot
BitwiseOr BitwiseXor BroadcastTo Cast Cbrt Ceil Celu Clip Conjugate ConvertToTensor Copy Cos Cosh Deg2rad Digitize
Divide DivideNoNan Elu Equal Erf Erfc Erfinv Exp Exp2 Expm1 Fabs Floor FloorDivide Fmax Fmin Fmod Gelu Greater
GreaterEqual HardShrink HardSigmoid HardSilu HardTanh Heaviside Hypot Identity Imag Isclose Isfinite Isinf Isnan
Isneginf Isposinf LeakyRelu Less LessEqual Log Log10 Log1p Log2 LogSigmoid Logaddexp Logaddexp2 LogicalAnd LogicalNot
LogicalOr LogicalXor Maximum Minimum Mod Multiply NanToNum Negative NotEqual Power Rad2deg Real Reciprocal Relu Relu6
Round Rsqrt SaturateCast Selu Sigmoid Sign Signbit Silu Sin Sinc Sinh SoftShrink Softplus Softsign SparsePlus
SparseSigmoid Sqrt Square Squareplus StopGradient Subtract Tan Tanh TanhShrink Threshold TrueDivide Trunc Where
""")

ALONG_AXES = _names("""
Cumprod Cumsum LayerNorm LayerNormalization LogSoftmax Normalize RMSNorm RMSNormalization Softmax Sort Sparsemax
UnitNormalization
""")
"""Each number depends on all others along the axes ``axis``, and keeps its place."""

REDUCTIONS = _names("""
All Amax Amin Any Argmax Argmin Average CountNonzero Logsumexp Max Mean Median Min Norm Prod Ptp Std Sum Var
""")
"""Operations that make one number of all along the axes ``axis``."""

GLOBAL_POOLING = frozenset(f"Global{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3))

TAKES_EVERYTHING = _names("""
AdditiveAttention Attention Bidirectional ContrastLimitedAdaptiveHistogramEqualization ConvLSTM1D ConvLSTM2D ConvLSTM3D
Dot Flatten GRU GroupNormalization GroupedQueryAttention LSTM MultiHeadAttention RNN SimpleRNN
""")
"""Layers whose every number may depend on every number of all inputs of one image."""

MIXES_CHANNELS = frozenset(("softmax", "log_softmax", "sparsemax", "glu"))
"""Activation functions that look at all channels of a place."""
