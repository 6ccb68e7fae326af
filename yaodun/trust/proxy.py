"""``yaodun trust proxy``: the settings of an nginx in front of the site, for signing in by TLS certificate."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from yaodun.rooms.proxy_secret import proxy_secret
from yaodun.site import open_site
from yaodun.terminal import command, home_of

TEMPLATE = """\
# A TLS proxy in front of Yaodun. Keep this file readable by nginx alone: it holds the secret the two of them share.
# Set [web] proxy = true in yaodun.toml, so that cookies are as over HTTPS. nginx proves that the client has the key of
# its certificate; whether that certificate may sign in is judged by the trust list, not here.
map $http_upgrade $yaodun_connection {{ default upgrade; '' close; }}
server {{
    listen {listen} ssl;
    server_name {names};
    ssl_certificate {folder}/site.crt;
    ssl_certificate_key {folder}/site.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_verify_client optional_no_ca;
    ssl_verify_depth 10;
    client_max_body_size 300m;
    location / {{
        proxy_pass http://{upstream};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $yaodun_connection;
        proxy_set_header X-Yaodun-Proxy "{secret}";
        proxy_set_header X-Yaodun-Client-Cert $ssl_client_escaped_cert;
        proxy_set_header X-Yaodun-Client-Address $remote_addr;
        proxy_read_timeout 1h;
    }}
}}
"""


def add_proxy(actions: Any) -> None:
    """Declare ``proxy``."""
    parser = command(
        actions, "proxy", "settings of an nginx in front of the site", "yaodun trust proxy --name soc.example.cn"
    )
    parser.add_argument("--name", action="append", default=[], metavar="HOST", help="names people use")
    parser.add_argument("--listen", default="443", metavar="[ADDRESS:]PORT")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there, readable by its owner only")


def run_proxy(args: argparse.Namespace) -> int:
    """Print or write the settings; 0."""
    home = home_of(args)
    home.prepare()
    site = open_site(home)
    text = TEMPLATE.format(
        listen=args.listen, names=" ".join(args.name or ["_"]), folder=home.tls, upstream=site.settings.web.listen,
        secret=proxy_secret(home),
    )  # fmt: skip
    if args.out is None:
        print(text, end="")
        return 0
    with os.fdopen(os.open(args.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    return 0
