"""Residual network with several heads (Keras on TensorFlow), saved as JSON and weights.

The only module that loads TensorFlow.
"""

import contextlib
import os
import warnings

# TensorFlow reads these once, when it is loaded. oneDNN may add in another order from run to run.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline

from purchase.models.balance import BALANCE, balanced, inside
from purchase.models.pipelines import load_preparation, save_preparation
from purchase.models.preparation import DensePreparation
from purchase.models.selection import COLUMNS, column_steps

ARCHITECTURE = "model.json"
WEIGHTS = "model.weights.h5"
PREDICT_ROWS = 8192  # at a time
PREDICT_WAVES = 2**24  # at a time, of all rows: 0.13 GB; of thousands of numbers, fewer rows then
ROUNDS = "epochs"
PATIENCE = 3  # epochs
MIN_STEPS = 32  # of an epoch: few rows would else be passed over a few times only, and nothing be learnt
LEAST_BATCH = 16  # rows
HEAD_SPREAD = 0.5  # standard deviation of the heads' first scales around 1 (Wen et al. 2020)
FREQUENCY_SPREAD = 0.1  # standard deviation of the first frequencies
N_EMBEDDED = 4  # numbers that stand for one whose waves are seen

tf.config.experimental.enable_op_determinism()
# In single precision, the log loss differs between processors in its fourth digit; a network this small is no slower.
keras.config.set_floatx("float64")


@keras.saving.register_keras_serializable(package="purchase")
class Adapter(keras.layers.Layer):
    """Scale each unit of each head by weights of its own, and shift it if asked: all that heads do not share.

    Parameters
    ----------
    n_heads : int
    spread : float
        Standard deviation of the scales around 1 at the start.
    shift : bool
    """

    def __init__(self, n_heads, *, spread=0.0, shift=False, **others):
        super().__init__(**others)
        self.n_heads, self.spread, self.shift = n_heads, spread, shift

    def build(self, input_shape):
        shape = (self.n_heads, input_shape[-1])
        start = keras.initializers.RandomNormal(1.0, self.spread) if self.spread else "ones"
        self.scales = self.add_weight(shape=shape, initializer=start, name="scales")
        self.shifts = self.add_weight(shape=shape, initializer="zeros", name="shifts") if self.shift else None

    def call(self, inputs):
        """Return shape (n_rows, n_heads, n_units); of the inputs, heads may be one."""
        scaled = inputs * self.scales
        return scaled + self.shifts if self.shift else scaled

    def get_config(self):
        return super().get_config() | {"n_heads": self.n_heads, "spread": self.spread, "shift": self.shift}


@keras.saving.register_keras_serializable(package="purchase")
class PeriodicEmbedding(keras.layers.Layer):
    """Give each of some columns a vector: sines and cosines of learnt frequencies, summed by weights of its own.

    Of column x, ``relu(W [sin(2 pi c x), cos(2 pi c x)] + b)``, each column with its c, W and b: Gorishniy, Rubachev
    and Babenko (2022), "On embeddings for numerical features in tabular deep learning" (NeurIPS), section 3.3.

    Parameters
    ----------
    columns : list of int
        Places among the inputs.
    n_frequencies : int
        Of each column.
    """

    def __init__(self, columns, n_frequencies, **others):
        super().__init__(**others)
        self.columns, self.n_frequencies = columns, n_frequencies

    @property
    def n_waves(self):
        """Sines and cosines of a row."""
        return 2 * self.n_frequencies * len(self.columns)

    def build(self, input_shape):
        n_columns = len(self.columns)
        largest = (2 * self.n_frequencies) ** -0.5
        self.frequencies = self.add_weight(
            shape=(n_columns, self.n_frequencies),
            initializer=keras.initializers.RandomNormal(0.0, FREQUENCY_SPREAD),
            name="frequencies",
        )
        self.sums = self.add_weight(
            shape=(n_columns, 2 * self.n_frequencies, N_EMBEDDED),
            initializer=keras.initializers.RandomUniform(-largest, largest),
            name="sums",
        )
        self.shifts = self.add_weight(shape=(n_columns, N_EMBEDDED), initializer="zeros", name="shifts")

    def call(self, inputs):
        """Return shape (n_rows, len(columns) * N_EMBEDDED)."""
        angles = 2 * np.pi * tf.gather(inputs, self.columns, axis=1)[:, :, None] * self.frequencies
        waves = tf.concat([tf.sin(angles), tf.cos(angles)], axis=2)
        vectors = tf.nn.relu(tf.einsum("rcf,cfe->rce", waves, self.sums) + self.shifts)
        return tf.reshape(vectors, (-1, len(self.columns) * N_EMBEDDED))

    def get_config(self):
        return super().get_config() | {"columns": self.columns, "n_frequencies": self.n_frequencies}


class ResidualNetwork(ClassifierMixin, BaseEstimator):
    """Residual blocks under several heads that share most weights, trained by AdamW on log loss.

    The first layer gives each category, a column of its own, a vector: its embedding, to which the numbers add theirs,
    by themselves and, if asked, by a ``PeriodicEmbedding``.
    Blocks of a dense layer with dropout add to it, as in the ResNet of Gorishniy, Rubachev, Khrulkov and Babenko
    (2021), "Revisiting deep learning models for tabular data", section 3.2. Each head scales what goes into and comes
    out of the shared layers, and has an output of its own (Wen, Tran and Ba 2020, "BatchEnsemble", section 3); each
    learns from every row by its own log loss, and their mean predicts, as in Gorishniy, Kotelnikov and Babenko (2024),
    "TabM", section 3. The first layer has no scales before it: they would multiply its time, most of all, by the heads.

    Parameters
    ----------
    n_units : int
        Of the first layer and of each block.
    n_blocks : int
    n_heads : int
    dropout : float
        Share of the outputs of each layer that a training step leaves out.
    learning_rate, weight_decay : float
        Of AdamW; the learning rate falls to 0 along a cosine.
    batch_size : int
        Rows a training step, at most; fewer where an epoch would have less than MIN_STEPS of them.
    epochs : int
        Passes over the rows, at most.
    n_frequencies : int
        Of the periodic embedding of each column of more than two values; 0: none.
    n_threads : int
        Of TensorFlow; the first network of a process settles it.
    random_state : int

    Attributes
    ----------
    network_ : keras.Model
        From shape (n_rows, n_inputs) to the probabilities of the heads, shape (n_rows, n_heads).
    n_epochs_ : int
        Passes after which its weights were taken.
    """

    def __init__(
        self,
        n_units=64,
        n_blocks=1,
        n_heads=4,
        dropout=0.3,
        learning_rate=0.003,
        weight_decay=0.0001,
        batch_size=512,
        epochs=8,
        n_frequencies=0,
        n_threads=1,
        random_state=0,
    ):
        self.n_units = n_units
        self.n_blocks = n_blocks
        self.n_heads = n_heads
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.n_frequencies = n_frequencies
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, X, y, watched=None, sample_weight=None):
        """Fit on rows X of shape (n_rows, n_inputs); with ``watched`` (X, y), keep the weights that suit those best.

        A row's ``sample_weight`` multiplies its loss.
        """
        set_threads(self.n_threads)
        keras.backend.clear_session()  # forgets earlier networks, whose number would be in the layers' names
        keras.utils.set_random_seed(self.random_state)
        self.classes_ = np.unique(y)
        self.network_ = self._network(np.asarray(X), share=np.average(y, weights=sample_weight))
        best_loss, best_weights, self.n_epochs_ = np.inf, None, self.epochs
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        for epoch in self._train(np.asarray(X), np.asarray(y, dtype="float64"), weight):
            if watched is None:
                continue
            loss = log_loss(watched[1], self.predict_proba(watched[0])[:, 1])
            if loss < best_loss:
                best_loss, best_weights, self.n_epochs_ = loss, self.network_.get_weights(), epoch
            elif epoch >= self.n_epochs_ + PATIENCE:
                break
        if best_weights:
            self.network_.set_weights(best_weights)
        return self

    def predict_proba(self, X):
        inputs = np.asarray(X)
        n_waves = sum(layer.n_waves for layer in self.network_.layers if isinstance(layer, PeriodicEmbedding))
        n_rows = max(min(PREDICT_ROWS, PREDICT_WAVES // max(n_waves, 1)), 1)
        parts = [inputs[start : start + n_rows] for start in range(0, len(inputs), n_rows)]
        heads = np.concatenate([np.asarray(self.network_(part, training=False)) for part in parts])
        probability = heads.mean(axis=1)
        return np.column_stack([1 - probability, probability])

    def _train(self, X, y, weight):
        """Yield the number of each pass over the rows when it is done."""
        n_rows = min(self.batch_size, max(len(X) // MIN_STEPS, LEAST_BATCH), len(X))
        n_steps = len(X) // n_rows  # an epoch leaves out the rows beyond its last full batch
        optimizer = keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(self.learning_rate, self.epochs * n_steps),
            weight_decay=self.weight_decay,
        )
        optimizer.build(self.network_.trainable_variables)
        train_epoch = _epoch_of(self.network_, optimizer)
        label = np.repeat(y[:, None], self.n_heads, axis=1)
        table = [tf.constant(part) for part in (X, label, weight)]
        order = np.random.default_rng(self.random_state)
        for epoch in range(1, self.epochs + 1):
            rows = order.permutation(len(X))[: n_steps * n_rows]
            train_epoch(*table, tf.constant(rows.reshape(n_steps, n_rows)))
            yield epoch

    def _network(self, X, *, share):
        inputs = known = keras.Input((X.shape[1],))
        if self.n_frequencies and (amounts := amounts_of(X)):
            known = keras.layers.Concatenate()([inputs, PeriodicEmbedding(amounts, self.n_frequencies)(inputs)])
        heads = keras.layers.Reshape((1, self.n_units))(self._first_layer(known))
        heads = self._activated(Adapter(self.n_heads, spread=HEAD_SPREAD, shift=True)(heads))
        for _ in range(self.n_blocks):
            block = keras.layers.Dense(self.n_units, use_bias=False)(Adapter(self.n_heads)(heads))
            heads = keras.layers.Add()([heads, self._activated(Adapter(self.n_heads, shift=True)(block))])
        # Starting from the share of positives spares the epochs in which the network would only learn it.
        start = keras.initializers.Constant(float(np.log(share / (1 - share))))
        to_probabilities = keras.layers.EinsumDense(
            "rhu,hu->rh", (self.n_heads,), activation="sigmoid", bias_axes="h", bias_initializer=start
        )
        return keras.Model(inputs, to_probabilities(heads))

    def _first_layer(self, inputs):
        return keras.layers.Dense(self.n_units, use_bias=False)(inputs)

    def _activated(self, heads):
        return keras.layers.Dropout(self.dropout)(keras.layers.ReLU()(heads))


def amounts_of(X):
    """Return the places of the columns of more than two values: neither a category nor whether something is so."""
    return [place for place, column in enumerate(X.T) if ((column != column.min()) & (column != column.max())).any()]


def _epoch_of(network, optimizer):
    """Return a function that trains a network on batches of rows, as one graph.

    ``Model.fit`` sets up a tf.data pipeline for each fit and returns to Python for each batch, which takes several
    times as long as these small networks need to learn.
    """

    @tf.function
    def train_epoch(inputs, label, weight, batches):
        for rows in batches:
            with tf.GradientTape() as tape:
                heads = network(tf.gather(inputs, rows), training=True)
                losses = keras.losses.binary_crossentropy(tf.gather(label, rows), heads)
                loss = tf.reduce_mean(tf.gather(weight, rows) * losses)
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    return train_epoch


def set_threads(n_threads):
    """Fix TensorFlow's threads; refused once it has run, so only the first network of a process decides."""
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads)


def build(settings, *, seed, n_threads):
    model = ResidualNetwork(**settings.model_dump(exclude=COLUMNS | BALANCE), n_threads=n_threads, random_state=seed)
    return Pipeline(
        [
            *column_steps(settings, seed=seed),
            ("prepare", DensePreparation()),
            ("model", balanced(model, settings)),
        ]
    )


def fit_watched(pipeline, frame, label, *, watched):
    """Fit, and keep the weights of the pass after which the log loss of the watched rows, (frame, label), was least."""
    prepared = pipeline[:-1].fit_transform(frame, label)
    others, other_label = watched
    pipeline[-1].fit(prepared, label, watched=(pipeline[:-1].transform(others), other_label))
    return pipeline


def n_rounds(pipeline):
    """Return the number of passes at which ``fit_watched`` stopped."""
    return inside(pipeline[-1]).n_epochs_


def save(pipeline, folder):
    save_preparation(pipeline, folder)
    network = inside(pipeline[-1]).network_
    (folder / ARCHITECTURE).write_text(network.to_json(), encoding="utf-8")
    with warnings.catch_warnings():
        # TensorFlow's arrays do not know the word ``copy`` of NumPy 2 yet, and are copied without it.
        warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
        network.save_weights(folder / WEIGHTS)


def load(folder, *, n_threads):
    set_threads(n_threads)
    model = ResidualNetwork(n_threads=n_threads)
    model.network_ = keras.models.model_from_json((folder / ARCHITECTURE).read_text(encoding="utf-8"))
    model.network_.load_weights(folder / WEIGHTS)
    model.classes_ = np.array([0, 1])
    return Pipeline([*load_preparation(folder).steps, ("model", model)])
