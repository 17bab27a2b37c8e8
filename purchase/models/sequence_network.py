"""The residual network, reading each row's last events besides its features (Keras on TensorFlow)."""

from sklearn.pipeline import Pipeline

from purchase.models.balance import BALANCE, balanced
from purchase.models.event_preparation import N_CODES, N_COLUMNS, N_NUMBERS, PADDING, EventPreparation

# TensorFlow reads its settings when it is loaded: neural_network makes them before it loads it.
from purchase.models.neural_network import ResidualNetwork, keras, load, save, tf

__all__ = ["build", "load", "save"]

N_DIMENSIONS = 4  # of the vector that stands for an event type or a category
FORGETTING = -1.0  # where the gates' biases start: a state keeps three quarters at each event
LEAST_KEPT = 1e-6  # of a state at an event: the slope of a product divides by its factors


@keras.saving.register_keras_serializable(package="purchase")
class Memory(keras.layers.Layer):
    """Sum up the events of a row, oldest first, in a state that each event overwrites in part.

    The state after event t is ``h[t] = (1 - z[t]) h[t-1] + z[t] c[t]``, with the gate ``z = sigmoid(event W + b)`` and
    the candidate ``c = event V``, and starts at 0. A GRU whose gate and candidate see their event and not the state
    knows all of them at once, and the last state is a weighted sum over the events, with no loop: Feng, Tung, Ahmed,
    Bengio and Hajimirsadegh (2024), "Were RNNs all we needed?", section 3.1. Padding has gates of 0, and leaves the
    state as it was.

    Parameters
    ----------
    n_units : int
        Of the state.
    """

    def __init__(self, n_units, **others):
        super().__init__(**others)
        self.n_units = n_units

    def build(self, shapes):
        n_inputs = shapes[0][-1]
        self.to_gates = self.add_weight(shape=(n_inputs, self.n_units), name="to_gates")
        self.to_candidates = self.add_weight(shape=(n_inputs, self.n_units), name="to_candidates")
        start = keras.initializers.Constant(FORGETTING)
        self.bias = self.add_weight(shape=(self.n_units,), initializer=start, name="bias")

    def call(self, inputs):
        """Return the last state, (n_rows, n_units), of events (n_rows, n_events, n_inputs) and their type codes."""
        events, types = inputs
        happened = tf.cast(types != PADDING, events.dtype)[:, :, None]
        gates = tf.sigmoid(events @ self.to_gates + self.bias) * happened
        # What the events that follow leave of each one.
        left = tf.math.cumprod(tf.maximum(1 - gates, LEAST_KEPT), axis=1, exclusive=True, reverse=True)
        return tf.reduce_sum(gates * left * (events @ self.to_candidates), axis=1)

    def get_config(self):
        return super().get_config() | {"n_units": self.n_units}


class SequenceNetwork(ResidualNetwork):
    """The residual network whose first layer sees the features and a state that the last events leave behind.

    What happened in which order says who will buy, as in the recurrent networks over clicks of Hidasi, Karatzoglou,
    Baltrunas and Tikk (2016), "Session-based recommendations with recurrent neural networks", section 3, and of Sheil,
    Rana and Reilly (2018), "Predicting purchasing intent: automatic feature learning using recurrent neural networks".
    An event is its type and category, each a learned vector, and the logarithms of price, gap and age.

    Parameters
    ----------
    n_events : int
        Events a row, as ``EventPreparation`` gives them.
    n_states : int
        Units of the state.
    others
        As those of ``ResidualNetwork``.
    """

    def __init__(
        self,
        n_events=20,
        n_states=8,
        n_units=64,
        n_blocks=1,
        n_heads=1,
        dropout=0.3,
        learning_rate=0.003,
        weight_decay=0.0001,
        batch_size=512,
        epochs=2,
        n_threads=1,
        random_state=0,
    ):
        super().__init__(
            n_units=n_units,
            n_blocks=n_blocks,
            n_heads=n_heads,
            dropout=dropout,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            batch_size=batch_size,
            epochs=epochs,
            n_threads=n_threads,
            random_state=random_state,
        )
        self.n_events = n_events
        self.n_states = n_states

    def _first_layer(self, inputs):
        n_events = self.n_events
        n_features = inputs.shape[1] - N_COLUMNS * n_events
        ends = [n_features, n_features + n_events, n_features + 2 * n_events]
        features, types, categories, numbers = keras.ops.split(inputs, ends, axis=1)
        vectors = [keras.layers.Embedding(N_CODES, N_DIMENSIONS)(codes) for codes in (types, categories)]
        events = keras.layers.Concatenate()([*vectors, keras.layers.Reshape((n_events, N_NUMBERS))(numbers)])
        state = Memory(self.n_states)([events, types])
        return super()._first_layer(keras.layers.Concatenate()([features, state]))


def build(settings, *, seed, n_threads):
    prepare = EventPreparation(settings.n_events)
    model = SequenceNetwork(**settings.model_dump(exclude=BALANCE), n_threads=n_threads, random_state=seed)
    return Pipeline([("prepare", prepare), ("model", balanced(model, settings))])
