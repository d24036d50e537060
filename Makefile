# Everything a developer runs. Needs git, GNU make and Python 3.10 to 3.13, nothing else.
#   make setup              .venv with the tested versions and this checkout, editable
#   make test PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
# Written last, so an install that was cut short is done again; older than a requirement file (or
# setup.py) means that the environment is stale.
STAMP := $(VENV)/installed
REQUIREMENTS := $(wildcard requirements/*.txt) setup.py pyproject.toml
PY := $(BIN)/python
# A second environment, about 6 GB: torchvision comes with a torch of its own.
THIRDPARTY ?= .venv-thirdparty
# What `make demo` trains, and where.
TSN := configs/recognition/tsn/tsn_r18_1x1x8_10e_embedded_rgb.py
TSM := configs/recognition/tsm/tsm_r18_1x1x8_10e_embedded_rgb.py
AUDIO := configs/recognition_audio/resnet/tsn_r18_64x1x1_10e_embedded_audio_feature.py
DATA := data/embedded
RUNS := work_dirs/demo
ONCE := --validate --seed 0 --deterministic
METRICS := --eval top_k_accuracy mean_class_accuracy

.PHONY: help setup demo demo-detection lint test test-all test-thirdparty test-wheel zoo \
  zoo-embedded bench bench-data clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /|/' | \
	  while IFS='|' read -r name text; do printf '  make %-15s %s\n' "$$name" "$$text"; done

setup: $(STAMP)  ## make the environment in .venv (again, if the requirements have changed)

$(STAMP): $(REQUIREMENTS)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; \
	  sys.exit(0 if v >= (3, 10) else f"mmvideo needs Python 3.10 or newer, {sys.executable} is {v[0]}.{v[1]}; say make PYTHON=...")'
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check \
	  -c requirements/constraints.txt -r requirements/runtime.txt -r requirements/test.txt -e .
	@touch $@

# Each line is printed before it runs and can be run by hand.
demo: setup  ## make the embedded data, train three networks, test, fuse, draw (about ten minutes)
	$(PY) tools/data/build_embedded.py --out $(DATA)
	$(PY) tools/train.py $(TSN) --work-dir $(RUNS)/tsn $(ONCE)
	$(PY) tools/train.py $(TSM) --work-dir $(RUNS)/tsm $(ONCE)
	$(PY) tools/train.py $(AUDIO) --work-dir $(RUNS)/audio $(ONCE)
	$(PY) tools/test.py $(TSN) $(RUNS)/tsn/epoch_10.pth $(METRICS) --out $(RUNS)/tsn.pkl
	$(PY) tools/test.py $(TSM) $(RUNS)/tsm/epoch_10.pth $(METRICS) --out $(RUNS)/rgb.pkl
	$(PY) tools/test.py $(AUDIO) $(RUNS)/audio/epoch_10.pth $(METRICS) --out $(RUNS)/audio.pkl
	$(PY) tools/analysis/report_accuracy.py --scores $(RUNS)/rgb.pkl $(RUNS)/audio.pkl \
	  --datalist $(DATA)/val_videos.txt --coefficient 1 1 --out $(RUNS)/fused.json
	$(PY) tools/analysis/analyze_logs.py plot_curve $(RUNS)/tsn $(RUNS)/tsm $(RUNS)/audio \
	  --keys loss top1_acc --legend TSN TSM audio --out $(RUNS)/curves.png
	$(PY) tools/demo.py $(TSM) $(RUNS)/tsm/epoch_10.pth $(DATA)/videos/val/clip_00000.mp4 \
	  $(DATA)/classes.txt --out $(RUNS)/annotated.mp4
	$(PY) tools/analysis/demo_results.py $(RUNS) --data $(DATA)

# What `make demo-detection` trains: on clips, and on single frames, which do not show what moves.
ON_CLIPS := configs/detection/ava/slowfast_r18_2x8x1_6e_embedded_scenes_rgb.py
ON_FRAMES := configs/detection/ava/slowonly_r18_1x1x1_6e_embedded_scenes_rgb.py
SCENES := $(DATA)/scenes
FOUND := $(RUNS)/scenes

demo-detection: setup  ## make embedded scenes, train two detectors of actions, test, draw (some minutes)
	$(PY) tools/data/build_embedded.py --scenes --out $(SCENES)
	$(PY) tools/train.py $(ON_CLIPS) --work-dir $(FOUND)/slowfast $(ONCE)
	$(PY) tools/train.py $(ON_FRAMES) --work-dir $(FOUND)/oneframe $(ONCE)
	$(PY) tools/test.py $(ON_CLIPS) $(FOUND)/slowfast/epoch_6.pth --eval mAP \
	  --out $(FOUND)/slowfast.csv
	$(PY) tools/test.py $(ON_FRAMES) $(FOUND)/oneframe/epoch_6.pth --eval mAP \
	  --out $(FOUND)/oneframe.csv
	$(PY) tools/analysis/show_detections.py $(SCENES)/videos/val_00000.mp4 $(FOUND)/slowfast.csv \
	  --truth $(SCENES)/val.csv --label-map $(SCENES)/actions.pbtxt --out $(FOUND)/annotated.mp4
	$(PY) tools/analysis/detection_results.py $(FOUND) --data $(SCENES)

lint: setup  ## ruff over everything
	$(BIN)/ruff check .

test: setup  ## the default tests; ARGS='-k word' narrows them
	$(PY) -m pytest -q -n auto --dist worksteal $(ARGS)

test-all: setup  ## the default tests and the slow ones, and those for a GPU or real videos if at hand
	$(PY) -m pytest -q -n auto --dist worksteal -m '' $(ARGS)

test-thirdparty: $(THIRDPARTY)/installed  ## backbones of torchvision and timm, in an environment of its own (6 GB)
	$(THIRDPARTY)/bin/python -m pytest -q -m thirdparty $(ARGS)

$(THIRDPARTY)/installed: $(REQUIREMENTS)
	test -x $(THIRDPARTY)/bin/pip || $(PYTHON) -m venv --clear $(THIRDPARTY)
	sed '/^torch==/d' requirements/constraints.txt > $(THIRDPARTY)/constraints.txt
	$(THIRDPARTY)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -c $(THIRDPARTY)/constraints.txt -c requirements/constraints-thirdparty.txt \
	  -r requirements/runtime.txt -r requirements/test.txt -r requirements/thirdparty.txt -e .
	@touch $@

test-wheel: setup  ## build the wheel, install it into an empty environment, import and build everything
	$(PY) tests/wheel_check.py

zoo: setup  ## hold the configs of the zoo against the published tables, make model-zoo.md
	$(PY) tools/zoo.py check
	$(PY) tools/zoo.py write

zoo-embedded: setup  ## train the networks of the embedded benchmark (an hour or two), make the page
	$(PY) tools/data/build_embedded.py --out $(DATA)
	$(PY) tools/zoo.py embedded --record $(ARGS)
	$(PY) tools/zoo.py write

bench: setup  ## speed of loading and of the networks
	$(PY) benchmarks/run.py $(ARGS)

bench-data: setup  ## speed of reading videos and of making samples
	$(PY) benchmarks/run.py --only data $(ARGS)

clean:  ## remove what make and the tests have made
	rm -rf $(VENV) $(THIRDPARTY) build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
