from tests.pipeline.conftest import reproduced, warm

__all__ = ["reproduced", "warm"]
