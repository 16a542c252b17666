"""Kinds of layers and of bare operations, by what they do to places; names are Keras' class names.

Every random layer is checked against Keras' source: in prediction it passes the image on as it is.
"""

from __future__ import annotations

RANDOM = frozenset("""
AlphaDropout AugMix CutMix Dropout Equalization GaussianDropout GaussianNoise MaxNumBoundingBoxes MixUp RandAugment
RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D StochasticDepth
""".split())  # fmt: skip
"""Change images in training only."""

POINTWISE_LAYERS = RANDOM | frozenset("""
ActivityRegularization Add Average BatchNormalization CustomScaleLayer ELU Identity LayerScale LeakyReLU Maximum Minimum
Multiply Normalization PReLU ReLU Rescaling Subtract
""".split())  # fmt: skip
"""Each number of the output depends on the same place of the inputs, smaller ones repeated."""

POINTWISE_OPERATIONS = frozenset("""
Absolute Add Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh BatchNorm BitwiseAnd BitwiseInvert BitwiseNot
BitwiseOr BitwiseXor BroadcastTo Cast Cbrt Ceil Celu Clip Conjugate ConvertToTensor Copy Cos Cosh Deg2rad Digitize Divide
DivideNoNan Elu Equal Erf Erfc Erfinv Exp Exp2 Expm1 Fabs Floor FloorDivide Fmax Fmin Fmod Gelu Greater GreaterEqual
HardShrink HardSigmoid HardSilu HardTanh Heaviside Hypot Identity Imag Isclose Isfinite Isinf Isnan Isneginf Isposinf
LeakyRelu Less LessEqual Log Log10 Log1p Log2 LogSigmoid Logaddexp Logaddexp2 LogicalAnd LogicalNot LogicalOr LogicalXor
Maximum Minimum Mod Multiply NanToNum Negative NotEqual Power Rad2deg Real Reciprocal Relu Relu6 Round Rsqrt
SaturateCast Selu Sigmoid Sign Signbit Silu Sin Sinc Sinh SoftShrink Softplus Softsign SparsePlus SparseSigmoid Sqrt
Square Squareplus StopGradient Subtract Tan Tanh TanhShrink Threshold TrueDivide Trunc Where
""".split())  # fmt: skip

ALONG_AXES = frozenset("""
Cumprod Cumsum LayerNorm LayerNormalization LogSoftmax Normalize RMSNorm RMSNormalization Softmax Sort Sparsemax
UnitNormalization
""".split())  # fmt: skip
"""Each number depends on all others along the axes ``axis``, and keeps its place."""

REDUCTIONS = frozenset("""
All Amax Amin Any Argmax Argmin Average CountNonzero Logsumexp Max Mean Median Min Norm Prod Ptp Std Sum Var
""".split())  # fmt: skip
"""Operations that make one number of all along the axes ``axis``."""

GLOBAL_POOLING = frozenset(f"Global{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3))

TAKES_EVERYTHING = frozenset("""
AdditiveAttention Attention Bidirectional ContrastLimitedAdaptiveHistogramEqualization ConvLSTM1D ConvLSTM2D ConvLSTM3D
Dot Flatten GRU GroupNormalization GroupedQueryAttention LSTM MultiHeadAttention RNN SimpleRNN
""".split())  # fmt: skip
"""Layers whose every number may depend on every number of all inputs of one image."""

MIXES_CHANNELS = frozenset(("softmax", "log_softmax", "sparsemax", "glu"))
"""Activation functions that look at all channels of a place."""
