"""All settings of a site, section by section; ``docs/settings.md`` lists them and a test keeps it true."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from infra.settings import Section, doc, load_settings
from trust.settings import Identities


class Web(Section, frozen=True):
    """The pages and the API."""

    listen: Annotated[str, doc("Address of pages and API. Anything but loopback is served over HTTPS.")] = (
        "127.0.0.1:8600"
    )
    names: Annotated[tuple[str, ...], doc("Host names the site answers to, beside its addresses.")] = ()
    proxy: Annotated[
        bool, doc("A TLS proxy on this machine stands in front (see: yaodun trust proxy); cookies are as over HTTPS.")
    ] = False


class Ingest(Section, frozen=True):
    """Receivers for shippers and devices."""

    http_listen: Annotated[str, doc("HTTP receivers: _bulk, OTLP.")] = "127.0.0.1:8601"
    syslog_udp_listen: Annotated[str, doc("Syslog over UDP; empty switches it off.")] = "127.0.0.1:5514"
    syslog_tcp_listen: Annotated[str, doc("Syslog over TCP; empty switches it off.")] = "127.0.0.1:5514"
    syslog_tls_listen: Annotated[str, doc("Syslog over TLS with the site's certificate; empty switches it off.")] = ""
    flows_listen: Annotated[
        str, doc("NetFlow v5/v9, IPFIX and sFlow over UDP, such as 0.0.0.0:2055; empty switches it off.")
    ] = ""
    agents_listen: Annotated[str, doc("Agents on other hosts, over mutual TLS; empty switches it off.")] = ""
    business_drop: Annotated[str, doc("Folder for files of business events; empty: business/drop of the home.")] = ""
    business_pulls: Annotated[
        str, doc("TOML file of SQL queries for business events; empty: business/pulls.toml in the data folder.")
    ] = ""
    spool_quota_mb: Annotated[int, doc("Largest size of the ingest spool in MiB.", gt=0)] = 4096
    rules: Annotated[tuple[str, ...], doc("Folders of Sigma rules beside the shipped ones.")] = ()


class Store(Section, frozen=True):
    """Where events are kept."""

    opensearch: Annotated[str, doc("URL of an OpenSearch cluster; empty keeps events in the data folder.")] = ""
    ca: Annotated[str, doc("Certificate file that vouches for the cluster; empty trusts the system's.")] = ""
    certificate: Annotated[str, doc("Client certificate file for the cluster.")] = ""
    key: Annotated[str, doc("Key file of the client certificate.")] = ""
    retention_days: Annotated[int, doc("Days events are kept; the law asks for 183.", ge=1)] = 183
    disk_watermark: Annotated[float, doc("Share of the disk above which old days go.", gt=0, le=1)] = 0.9


class Records(Section, frozen=True):
    """Where changing rows are kept."""

    url: Annotated[str, doc("PostgreSQL URL; empty keeps records in the data folder.")] = ""
    witnesses: Annotated[
        tuple[str, ...], doc("Files on other disks or hosts (mounted) that remember the heads of the ledger.")
    ] = ()
    witness_every_s: Annotated[float, doc("Seconds between two signed heads of the ledger.", gt=0)] = 60.0


class Agent(Section, frozen=True):
    """The collector of this host."""

    server: Annotated[str, doc("Platform on another host, HOST:PORT; empty delivers to the one on this host.")] = ""
    enrol: Annotated[str, doc("One-time token that lets a new agent in; not needed afterwards.")] = ""
    spool_mb: Annotated[int, doc("MiB of disk for what the platform has not acknowledged yet.", ge=64)] = 512
    interval_s: Annotated[float, doc("Seconds between two readings of metrics.", gt=0)] = 10.0
    inventory_interval_s: Annotated[float, doc("Seconds between two looks at processes.", gt=0)] = 2.0
    log_files: Annotated[tuple[str, ...], doc("Log files beside the usual ones; patterns allowed.")] = ()
    watched_files: Annotated[tuple[str, ...], doc("Files whose integrity is watched; patterns allowed.")] = ()
    pollers: Annotated[
        tuple[dict[str, Any], ...],
        doc("Devices, services and clouds this agent watches: tables [[agent.pollers]] (docs/devices.md)."),
    ] = ()


class Sensor(Section, frozen=True):
    """The capture of packets on this host."""

    interfaces: Annotated[
        tuple[str, ...], doc('Interfaces the sensor listens on, such as ["eth1"]; empty: there is no sensor.')
    ] = ()
    promiscuous: Annotated[bool, doc("Take in frames for other hosts, too (mirror port).")] = True
    spool_mb: Annotated[int, doc("MiB of disk for what the platform has not acknowledged yet.", ge=64)] = 256


class Intelligence(Section, frozen=True):
    """Known bad addresses, names and hashes."""

    folder: Annotated[
        str, doc("Folder of feeds (STIX 2.1, CSV, lists), read when it changes; empty: intelligence of the home.")
    ] = ""
    days: Annotated[int, doc("Days an indicator counts that says nothing of its end.", ge=1)] = 90
    hunt_days: Annotated[int, doc("Days of stored events that new indicators are looked for in; 0: none.", ge=0)] = 30
    taxii: Annotated[tuple[str, ...], doc("TAXII 2.1 collections, such as https://HOST/api/collections/ID/.")] = ()
    taxii_authorization: Annotated[str, doc("File with the Authorization header for TAXII, such as Basic ....")] = ""
    taxii_every_min: Annotated[int, doc("Minutes between two questions to the TAXII servers.", ge=5)] = 60


class Playbooks(Section, frozen=True):
    """Runs of playbooks."""

    signed_only: Annotated[
        bool, doc("Only signed playbooks run live. Where the data folder holds keys in playbooks/keys, always so.")
    ] = False
    protected: Annotated[
        tuple[str, ...], doc("Addresses, networks and names (with *) that no playbook may act on.")
    ] = ()
    automatic: Annotated[
        tuple[str, ...], doc("Shipped playbooks (by file name) that answer fitting alerts by themselves, once signed.")
    ] = ()
    mail_server: Annotated[str, doc("HOST:PORT of the mail server notices go to.")] = "127.0.0.1:25"
    mail_sender: Annotated[str, doc("Sender of notices by mail.")] = "yaodun@localhost"
    sms_gateway: Annotated[str, doc("URL that text messages are posted to; empty: none are sent.")] = ""
    sms_body: Annotated[
        str, doc("JSON posted there, with `{number}`, `{text}` and `{id}` where they belong; empty: by these names.")
    ] = ""
    sms_secret: Annotated[str, doc("Name of the secret sent to the gateway as bearer token.")] = ""
    sms_taken: Annotated[str, doc("Expression that the answer of the gateway holds where it took the message.")] = ""


class Graded(Section, frozen=True):
    """Evidence of graded protection."""

    trees: Annotated[
        tuple[str, ...], doc("Mounted trees of other hosts whose baseline is watched, as ASSET=FOLDER.")
    ] = ()


class Settings(Section, frozen=True):
    """A site's settings."""

    web: Web = Web()
    ingest: Ingest = Ingest()
    store: Store = Store()
    records: Records = Records()
    agent: Agent = Agent()
    sensor: Sensor = Sensor()
    intelligence: Intelligence = Intelligence()
    identity: Identities = Identities()
    playbooks: Playbooks = Playbooks()
    graded: Graded = Graded()


def read_settings(path: Path | None) -> Settings:
    """The settings of a site; see ``infra.settings``."""
    return load_settings(Settings, path)
