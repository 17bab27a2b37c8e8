from tests.pipeline.conftest import reproduced

__all__ = ["reproduced"]
