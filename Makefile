# Shortcuts for those who have make; `python3 start.py` needs only Python.
.PHONY: repro test lock check fix pins

repro:
	python3 start.py repro

test:
	python3 start.py test

lock:  # is the committed dvc.lock true?
	python3 start.py lock

check:  # reads only
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

fix:  # rewrites
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

pins:  # resolve the newest versions; then `dvc repro`, and commit the lock with the pins
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header requirements.in -o requirements.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header requirements-dev.in -o requirements-dev.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header requirements-polars.in -o requirements-polars.txt
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header requirements-spark.in -o requirements-spark.txt
