from tests.pipeline.conftest import reproduced, warm  # noqa: F401 (fixtures)
