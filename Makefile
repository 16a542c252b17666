.PHONY: setup format check test test-all torture docs bench
setup: ; python3 dev.py run python --version
format: ; python3 dev.py run ruff format .
check: ; python3 dev.py check
test: ; python3 dev.py test -m "not slow"
test-all: ; python3 dev.py test && python3 dev.py test-backends
torture: ; python3 dev.py run python benchmarks/torture_resume.py
docs: ; python3 dev.py run python docs/generate.py && python3 dev.py run python docs/decoding_images.py
bench: ; python3 dev.py run python benchmarks/bench_optimizers.py && python3 dev.py run python benchmarks/bench_pipeline.py && python3 dev.py run python benchmarks/bench_intake.py
