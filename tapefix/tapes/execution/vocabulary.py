"""Names that mean something: methods, attributes and functions of the objects that TensorFlow code handles."""

from __future__ import annotations

# What a method or attribute of a Keras object gives.
MODEL_COLLECTIONS = {
    "trainable_variables": True,
    "trainable_weights": True,
    "variables": None,
    "weights": None,
    "non_trainable_variables": False,
    "non_trainable_weights": False,
}
WEIGHT_MAKERS = {"add_weight", "add_variable"}
LAYER_VARIABLES = {"kernel", "bias", "gamma", "beta", "embeddings", "recurrent_kernel"}
SYMBOLIC_ATTRIBUTES = {"output", "outputs", "input", "inputs"}
# Functions and layers that give several tensors in a list or tuple.
SEVERAL_RESULTS = {
    "unstack",
    "split",
    "meshgrid",
    "moments",
    "weighted_moments",
    "svd",
    "eigh",
    "eig",
    "qr",
    "lu",
    "slogdet",
    "normalize",
    "top_k",
    "approx_max_k",
    "unique",
    "unique_with_counts",
    "while_loop",
    "cond",
    "case",
    "switch_case",
    "map_fn",
    "scan",
    "foldl",
    "foldr",
    "vectorized_map",
    "map",
    "py_function",
    "numpy_function",
    "custom_gradient",
    "dynamic_partition",
    "clip_by_global_norm",
    "sufficient_statistics",
    "max_pool_with_argmax",
    "ctc_beam_search_decoder",
    "embedding_lookup_sparse",
    "gradients",
    "fori_loop",
    "map_structure",
    "flatten",
    "pack_sequence_as",
}
SEVERAL_OUTPUTS = {
    "LSTM",
    "GRU",
    "RNN",
    "SimpleRNN",
    "Bidirectional",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "LSTMCell",
    "GRUCell",
    "SimpleRNNCell",
    "StackedRNNCells",
    "MultiHeadAttention",
    "GroupQueryAttention",
    "Attention",
    "AdditiveAttention",
    "Lambda",
    "TFSMLayer",
    "TimeDistributed",
    "Wrapper",
    "Layer",
}
DATASET_METHODS = {
    "batch",
    "shuffle",
    "repeat",
    "map",
    "take",
    "skip",
    "prefetch",
    "cache",
    "filter",
    "unbatch",
    "padded_batch",
    "interleave",
    "flat_map",
    "concatenate",
    "shard",
    "with_options",
    "window",
    "zip",
}
# Methods of NumPy's generators of random numbers that give arrays, or numbers of NumPy.
GENERATORS = {"numpy.random.RandomState", "numpy.random.default_rng", "numpy.random.Generator"}
DISTRIBUTIONS = {
    "beta", "binomial", "chisquare", "choice", "dirichlet", "exponential", "gamma", "geometric", "gumbel", "integers",
    "laplace", "logistic", "lognormal", "multinomial", "multivariate_normal", "normal", "pareto", "permutation",
    "permuted", "poisson", "rand", "randint", "randn", "random", "random_sample", "rayleigh", "standard_cauchy",
    "standard_exponential", "standard_gamma", "standard_normal", "standard_t", "triangular", "uniform", "vonmises",
    "wald", "weibull", "zipf",
}  # fmt: skip
# What draws one whole number where no size is asked for, and where that stands.
DRAWN_SIZES = {"numpy.random.choice": 1, "numpy.random.integers": 2, "numpy.random.randint": 2}
# Functions that copy the values of a tensor into an array.
COPYING = {"keras.backend.get_value", "keras.ops.convert_to_numpy"}
# Functions that call a function of the file with arrays in place of tensors.
ARRAY_BODIES = {"tensorflow.numpy_function", "tensorflow.py_func"}
# Methods of tensors that leave TensorFlow.
LEAVING_METHODS = {"numpy", "_numpy", "eval", "item", "tolist"}
NDARRAY_SCALARS = {"item"}
# By what a metric is updated: the method, and the call of the object itself.
METRIC_UPDATES = {"update_state", "metric"}
# Calls of Python that turn a tensor into a Python number.
LEAVING_BUILTINS = {"float", "int", "bool", "complex"}
# Functions that hand a tensor on as it is: the very same object.
IDENTITIES = {"tensorflow.constant", "tensorflow.convert_to_tensor", "keras.ops.convert_to_tensor", "copy.copy"}
FLOATING_DEFAULT = {
    "ones",
    "zeros",
    "normal",
    "uniform",
    "truncated_normal",
    "linspace",
    "eye",
    "random_normal",
    "random_uniform",
    "rand",
    "randn",
    "random",
    "random_sample",
    "standard_normal",
    "gamma",
    "exponential",
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "softmax",
}
INTEGER_DEFAULT = {
    "argmax", "argmin", "argsort", "bucketize", "categorical", "confusion_matrix", "count_nonzero",
    "histogram_fixed_width", "histogram_fixed_width_bins", "integers", "matrix_rank", "randint", "rank",
    "searchsorted", "shape", "size", "stateless_categorical",
}  # fmt: skip
