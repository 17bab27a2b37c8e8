from tests.pipeline.conftest import reproduced  # noqa: F401 (a fixture)
