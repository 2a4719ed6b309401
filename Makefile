# What to type. Each target sets up what it needs first.
VENV := .venv
PYTHON := $(VENV)/bin/python
PORT ?= 5005
SERVERS ?= 2
MINUTES ?= 30

export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1

.PHONY: run cluster test audit fuzz check setup train shell evaluate bench chaos soak screenshots clean

run: setup ## the assistant on http://localhost:5005 (PORT=... moves it, ACTIONS=http runs an action server)
	@$(VENV)/bin/backsignal serve --port $(PORT) $(if $(filter http,$(ACTIONS)),--action-server)

cluster: setup ## the same on many: nginx, PostgreSQL, Redis, SERVERS=2 and as many action servers, on this machine
	@$(PYTHON) -m deploy.local --port $(PORT) --servers $(SERVERS)

test: setup check ## every test
	$(VENV)/bin/pytest

check: setup node_modules/.package-lock.json ## formatting, lint and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/node node_modules/typescript/bin/tsc

audit: setup ## known vulnerabilities of what is locked
	@$(PYTHON) scripts/audit

fuzz: setup ## ten thousand hostile requests; the tests send a share of them
	HOSTILE_REQUESTS=10000 $(VENV)/bin/pytest tests/resilience/test_fuzzing.py

# The checker of the browser's part, by version and hash. Node comes with the locked dependencies.
node_modules/.package-lock.json: package-lock.json | setup
	$(VENV)/bin/npm ci --loglevel=error

setup: ## Python 3.10, the locked dependencies, and this package; quick when nothing changed
	@scripts/setup

train: setup ## train the model where what it learns from changed
	@$(VENV)/bin/backsignal train

shell: setup ## talk to it in the terminal
	@$(VENV)/bin/backsignal serve --shell

evaluate: setup ## understanding on the development sets
	$(PYTHON) -m evaluation

bench: setup ## against the stock Rasa bot, side by side
	$(PYTHON) -m bench

chaos: setup ## 2,000 conversations while parts are killed, stopped, restarted and slowed; figures into the docs
	$(PYTHON) -m tests.resilience.chaos

soak: setup ## half an hour of load (MINUTES=...): are memory, connections and latency flat? Figures into the docs
	$(PYTHON) -m tests.resilience.soak --minutes $(MINUTES)

screenshots: setup ## the pictures of the documentation, and the conversations of the README
	$(PYTHON) -m tests.browser.screenshots
	$(PYTHON) -m tests.conversation.transcripts

clean: ## everything that was made but the data in var
	rm -rf $(VENV) .tools node_modules .rasa models/*.tar.gz
