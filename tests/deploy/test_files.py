"""What is deployed, read by the linters of those who run it: their schemas, and nginx itself."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from backsignal.channels.messaging import CHANNELS
from backsignal.channels.rest import RestChannel
from deploy.local import Cluster, missing_programs
from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yml"))
_LINT = PROJECT / ".tools" / "lint" / "bin"
_PARSE_COMPOSE = "import sys, compose_spec; compose_spec.PyCompose.from_yaml(sys.stdin.read()).validate()"


def lint(program: str, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a linter of `requirements/lint.lock`."""
    command = [str(_LINT / program), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def compose() -> dict[str, Any]:
    """The compose file with its variables filled in and its anchors resolved, as compose reads it."""
    text = (DEPLOY / "compose.yml").read_text(encoding="utf-8")
    filled: dict[str, Any] = yaml.safe_load(re.sub(r"(?<!\$)\$\{\w+:\?[^}]*\}", "given", text))
    return filled


def documents() -> list[dict[str, Any]]:
    """All Kubernetes objects."""
    return [it for path in KUBERNETES for it in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def workloads() -> list[dict[str, Any]]:
    """The objects that run containers."""
    return [it for it in documents() if it["kind"] == "Deployment"]


def test_the_image_is_built_as_hadolint_has_it() -> None:
    done = lint("hadolint", str(DEPLOY / "Dockerfile"))
    assert done.returncode == 0, done.stdout


def test_the_compose_file_is_one() -> None:
    done = lint("python", "-c", _PARSE_COMPOSE, text=yaml.safe_dump(compose()))
    assert done.returncode == 0, done.stderr


def test_only_the_way_in_is_published_and_nothing_has_a_default_secret() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if service.get("ports")] == ["nginx"]
    assert not any("5055" in str(port) for port in services["nginx"]["ports"])
    text = (DEPLOY / "compose.yml").read_text(encoding="utf-8")
    for line in text.splitlines():
        if re.search(r"PASSWORD:|SECRET:|:\$\{", line):
            assert re.search(r"\$\{\w+:\?", line), line


@pytest.mark.parametrize("path", KUBERNETES, ids=lambda path: path.name)
def test_kubernetes_objects_follow_their_schemas(path: Path) -> None:
    done = lint("kubernetes-validate", "--strict", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_containers_may_do_no_more_than_they_must() -> None:
    for workload in workloads():
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            given = {it["name"]: it for it in container.get("env", [])}
            assert all(
                "valueFrom" in it for name, it in given.items() if re.search("SECRET|DATABASE|REDIS", name)
            )


def test_every_workload_has_its_policy_and_its_budget() -> None:
    labels = [it["spec"]["selector"]["matchLabels"] for it in workloads()]
    policies = [
        it["spec"]["podSelector"]["matchLabels"] for it in documents() if it["kind"] == "NetworkPolicy"
    ]
    budgets = [
        it["spec"]["selector"]["matchLabels"] for it in documents() if it["kind"] == "PodDisruptionBudget"
    ]
    assert labels == policies == budgets


def test_the_ingress_leads_to_every_channel_but_the_one_for_development() -> None:
    ingress = next(it for it in documents() if it["kind"] == "Ingress")
    paths = {it["path"] for it in ingress["spec"]["rules"][0]["http"]["paths"]}
    assert {f"/webhooks/{channel.name()}" for channel in CHANNELS} | {
        "/web",
        "/assist",
        "/widget.js",
    } <= paths
    assert not any(path == "/" or "metrics" in path or path.endswith(RestChannel.name()) for path in paths)


def test_production_has_no_channel_for_development_and_no_demonstration() -> None:
    here = yaml.safe_load((PROJECT / "credentials.yml").read_text(encoding="utf-8"))
    there = yaml.safe_load((DEPLOY / "credentials.yml").read_text(encoding="utf-8"))
    assert here.keys() - there.keys() == {"backsignal.channels.rest.RestChannel"}
    assert there["backsignal.channels.web.WebChannel"]["demo"] is False


@pytest.fixture(scope="module")
def nginx_configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if missing_programs() and os.environ.get("CI") != "true":
        pytest.skip(f"NGINX'S CONFIGURATION WAS NOT READ: {', '.join(missing_programs())} are not installed")
    path = tmp_path_factory.mktemp("nginx") / "nginx.conf"
    path.write_text(Cluster(path.parent).nginx_configuration())
    return path


def test_nginx_takes_its_configuration(nginx_configuration: Path) -> None:
    command = ["/usr/sbin/nginx", "-t", "-c", str(nginx_configuration), "-e", "stderr"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_known_weakness_of_nginx_configurations(nginx_configuration: Path) -> None:
    # The host is passed on as it came: the server compares it with the page's origin, port and all. A browser
    # cannot lie about it, and links are never made from it.
    done = lint("gixy", "-l", "--skips", "host_spoofing", str(nginx_configuration))
    assert done.returncode == 0, done.stdout
