"""Multilayer perceptron (Keras on TensorFlow), saved as JSON and weights. The only module that loads TensorFlow."""

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
from sklearn.pipeline import Pipeline

from purchase.models.crosses import CROSSING, crosses
from purchase.models.pipelines import load_preparation, save_preparation
from purchase.models.preparation import dense_preparation

ARCHITECTURE = "model.json"
WEIGHTS = "model.weights.h5"
PREDICT_ROWS = 8192  # at a time

tf.config.experimental.enable_op_determinism()
# In single precision, the log loss differs between processors in its fourth digit; a network this small is no slower.
keras.config.set_floatx("float64")


class Perceptron(ClassifierMixin, BaseEstimator):
    """Dense layers with dropout, trained by AdamW on log loss.

    Parameters
    ----------
    hidden_units : list of int
        Units of each hidden layer.
    dropout : float
        Share of each hidden layer's outputs that a training step leaves out.
    learning_rate, weight_decay : float
        Of AdamW; the learning rate falls to 0 along a cosine.
    batch_size : int
        Rows a training step.
    epochs : int
        Passes over the rows.
    n_threads : int
        Of TensorFlow; the first network of a process settles it.
    random_state : int
    """

    def __init__(
        self,
        hidden_units=(64, 32),
        dropout=0.2,
        learning_rate=0.001,
        weight_decay=0.0001,
        batch_size=512,
        epochs=10,
        n_threads=1,
        random_state=0,
    ):
        self.hidden_units = hidden_units
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, X, y):
        set_threads(self.n_threads)
        keras.backend.clear_session()  # forgets earlier networks, whose number would be in the layers' names
        keras.utils.set_random_seed(self.random_state)
        self.classes_ = np.unique(y)
        self.network_ = self._network(X.shape[1], share=np.mean(y))
        n_batches = max(len(X) // self.batch_size, 1)  # an epoch leaves out the rows beyond its last full batch
        optimizer = keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(self.learning_rate, self.epochs * n_batches),
            weight_decay=self.weight_decay,
        )
        optimizer.build(self.network_.trainable_variables)
        train_epoch = _epoch_of(self.network_, optimizer)
        inputs, label = tf.constant(np.asarray(X)), tf.constant(np.asarray(y, dtype="float64")[:, None])
        order = np.random.default_rng(self.random_state)
        for _ in range(self.epochs):
            rows = order.permutation(len(X))[: n_batches * self.batch_size]
            train_epoch(inputs, label, tf.constant(rows.reshape(n_batches, -1)))
        return self

    def predict_proba(self, X):
        inputs = np.asarray(X)
        parts = [inputs[start : start + PREDICT_ROWS] for start in range(0, len(inputs), PREDICT_ROWS)]
        probability = np.concatenate([np.asarray(self.network_(part, training=False)) for part in parts])[:, 0]
        return np.column_stack([1 - probability, probability])

    def _network(self, n_inputs, *, share):
        layers = [keras.Input((n_inputs,))]
        for n_units in self.hidden_units:
            layers += [keras.layers.Dense(n_units, activation="relu"), keras.layers.Dropout(self.dropout)]
        # Starting from the share of positives spares the epochs in which the network would only learn it.
        start = keras.initializers.Constant(float(np.log(share / (1 - share))))
        return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid", bias_initializer=start)])


def _epoch_of(network, optimizer):
    """Return a function that trains a network on batches of rows, as one graph.

    ``Model.fit`` sets up a tf.data pipeline for each fit and returns to Python for each batch, which takes several
    times as long as these small networks need to learn.
    """

    @tf.function
    def train_epoch(inputs, label, batches):
        for rows in batches:
            with tf.GradientTape() as tape:
                probability = network(tf.gather(inputs, rows), training=True)
                loss = tf.reduce_mean(keras.losses.binary_crossentropy(tf.gather(label, rows), probability))
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    return train_epoch


def set_threads(n_threads):
    """Fix TensorFlow's threads; refused once it has run, so only the first network of a process decides."""
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads)


def build(settings, *, seed, n_threads):
    model = Perceptron(**settings.model_dump(exclude=CROSSING), n_threads=n_threads, random_state=seed)
    return Pipeline([*crosses(settings, seed=seed), ("prepare", dense_preparation()), ("model", model)])


def save(pipeline, folder):
    save_preparation(pipeline, folder)
    network = pipeline[-1].network_
    (folder / ARCHITECTURE).write_text(network.to_json(), encoding="utf-8")
    with warnings.catch_warnings():
        # TensorFlow's arrays do not know the word ``copy`` of NumPy 2 yet, and are copied without it.
        warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
        network.save_weights(folder / WEIGHTS)


def load(folder, *, n_threads):
    set_threads(n_threads)
    model = Perceptron(n_threads=n_threads)
    model.network_ = keras.models.model_from_json((folder / ARCHITECTURE).read_text(encoding="utf-8"))
    model.network_.load_weights(folder / WEIGHTS)
    model.classes_ = np.array([0, 1])
    return Pipeline([*load_preparation(folder).steps, ("model", model)])
