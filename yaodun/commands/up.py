"""``yaodun up``: the platform on this machine, every service, until told to stop."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec

from infra.errors import AppError, ErrorKind
from infra.home import Home
from infra.status import read_status
from infra.text import say
from yaodun.preflight import claim, refuse_foreign_packages, require_free
from yaodun.service import log_to
from yaodun.settings import Settings, read_settings
from yaodun.supervisor import Supervisor
from yaodun.terminal import command, complain, home_of

SERVICES = ("ingest", "analysis", "web", "agent", "keeper", "runner", "signer")
READY_WITHIN_S = 240.0
OVERRIDES = (("store", "opensearch", "YAODUN_STORE__OPENSEARCH"), ("records", "postgresql", "YAODUN_RECORDS__URL"))


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "up", "run the platform on this machine", "yaodun up --listen 127.0.0.1:8600")
    parser.add_argument("--listen", metavar="HOST:PORT", help="address of pages and API")
    parser.add_argument("--agents", metavar="HOST:PORT", help="let agents on other hosts deliver here (mutual TLS)")
    parser.add_argument("--sensor", metavar="INTERFACE", nargs="+", help="capture packets on interfaces of this host")
    parser.add_argument("--store", metavar="opensearch=URL", help="keep events in OpenSearch")
    parser.add_argument("--records", metavar="postgresql=URL", help="keep records in PostgreSQL")
    parser.add_argument("--link-file", metavar="FILE", type=Path, help="also write the one-time link into FILE")


def run(args: argparse.Namespace) -> int:
    """Prepare the site, start everything, print the address, watch until told to stop."""
    home = home_of(args)
    refuse_foreign_packages()
    home.prepare()
    with claim(home):
        log_to(home, "supervisor")
        override(args)
        settings = read_settings(home.settings)
        require_ports(settings)
        opening = prepare(home)
        supervisor = Supervisor(home, services(settings), say_died(home))
        supervisor.trap()
        supervisor.start()
        try:
            announce(home, supervisor, opening, args.link_file)
            supervisor.watch()
        finally:
            complain(say("yaodun.stopping"))
            supervisor.stop()
            complain(say("yaodun.stopped"))
    return 0


def services(settings: Settings) -> tuple[str, ...]:
    """The services of a site: the sensor only where the settings name an interface."""
    return (*SERVICES, "sensor") if settings.sensor.interfaces else SERVICES


def override(args: argparse.Namespace) -> None:
    """Flags win over the settings file: the services read them from the environment."""
    if args.listen:
        os.environ["YAODUN_WEB__LISTEN"] = args.listen
    if args.sensor:
        os.environ["YAODUN_SENSOR__INTERFACES"] = msgspec.json.encode(args.sensor).decode()
    if args.agents:
        os.environ["YAODUN_INGEST__AGENTS_LISTEN"] = args.agents
    for flag, scheme, name in OVERRIDES:
        value = getattr(args, flag)
        if value:
            kind, _, url = value.partition("=")
            if kind != scheme or not url:
                raise AppError(ErrorKind.INVALID, "yaodun.flag_form", place=f"--{flag}", form=f"{scheme}=URL")
            os.environ[name] = url


def require_ports(settings: Settings) -> None:
    """Every port the services will open is free, or a clear error names the setting."""
    ingest = settings.ingest
    require_free(settings.web.listen, "web.listen", "--listen HOST:PORT")
    require_free(ingest.http_listen, "ingest.http_listen", "YAODUN_INGEST__HTTP_LISTEN=HOST:PORT")
    if ingest.agents_listen:
        require_free(ingest.agents_listen, "ingest.agents_listen", "--agents HOST:PORT")
    if ingest.syslog_tcp_listen:
        require_free(ingest.syslog_tcp_listen, "ingest.syslog_tcp_listen", "YAODUN_INGEST__SYSLOG_TCP_LISTEN=HOST:PORT")
    if ingest.syslog_udp_listen:
        place = "ingest.syslog_udp_listen"
        require_free(ingest.syslog_udp_listen, place, "YAODUN_INGEST__SYSLOG_UDP_LISTEN=HOST:PORT", datagram=True)
    if ingest.flows_listen:
        place = "ingest.flows_listen"
        require_free(ingest.flows_listen, place, "YAODUN_INGEST__FLOWS_LISTEN=HOST:PORT", datagram=True)


def prepare(home: Home) -> dict[str, Any]:
    """Bring the site's records up to date in a process of its own, so that the supervisor stays small."""
    words = [sys.executable, "-m", "yaodun", "prepare", "--home", str(home.root), "--format", "ndjson"]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise AppError(ErrorKind.ENVIRONMENT, "yaodun.prepare_failed", place=str(home.root))
    answer: dict[str, Any] = msgspec.json.decode(done.stdout)
    return answer


def say_died(home: Home) -> Callable[[str, int, float], None]:
    """What to tell a person when a service ended by itself."""

    def tell(name: str, code: int, seconds: float) -> None:
        log = home.logs / f"{name}.jsonl"
        complain(say("yaodun.service_died", service=name, code=code, seconds=seconds, log=log))

    return tell


def announce(home: Home, supervisor: Supervisor, opening: dict[str, Any], link_file: Path | None) -> None:
    """Wait until the pages answer, then print the address and, the first time, the one-time link."""
    url = wait_for_url(home, supervisor)
    if url is None:
        return
    print(say("yaodun.url", url=url), flush=True)
    if fingerprint := (read_status(home.run, "web") or {}).get("fingerprint"):
        print(say("yaodun.fingerprint", fingerprint=fingerprint), flush=True)
    if path := opening.get("first_path"):
        link = urljoin(url, path)
        print(say("yaodun.first_link", link=link, minutes=opening["first_minutes"]), flush=True)
        if link_file:
            link_file.write_text(link + "\n", encoding="utf-8")


def wait_for_url(home: Home, supervisor: Supervisor) -> str | None:
    """The address of the pages once they answer; None when told to stop before."""
    deadline = time.monotonic() + READY_WITHIN_S
    started = time.time()
    while not supervisor.stopping and time.monotonic() < deadline:
        supervisor.tend()
        status = read_status(home.run, "web")
        if status and status["written"] >= started - 1 and status.get("url"):
            return str(status["url"])
        time.sleep(0.1)
    return None
