"""What an estimator has that stands around another one, as if it were that one itself."""

from sklearn.base import BaseEstimator, ClassifierMixin


class Around(ClassifierMixin, BaseEstimator):
    """A classifier around another, whose parameters are set by their own names.

    ``INNER`` is the name of the parameter that holds it.
    """

    def get_params(self, deep=True):
        own = super().get_params(deep=False)
        return own | own[self.INNER].get_params() if deep else own

    def set_params(self, **params):
        own = {name: params.pop(name) for name in super().get_params(deep=False) if name in params}
        super().set_params(**own)
        getattr(self, self.INNER).set_params(**params)
        return self
