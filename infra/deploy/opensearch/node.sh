#!/usr/bin/env bash
# node.sh VERSION FOLDER HTTP-PORT [secure]: run one OpenSearch node in the foreground, without Docker.
#
#   infra/deploy/opensearch/node.sh 3.8.0 /var/tmp/opensearch 19200
#   OPENSEARCH_INITIAL_ADMIN_PASSWORD=... infra/deploy/opensearch/node.sh 2.19.4 /var/tmp/opensearch-secure 19201 secure
#
# The distribution and, for "secure", the security plugin come from Maven Central through mvn and stay in the local
# repository. Needs a JDK (21 or later for 3.x, 11 or later for 2.x): OPENSEARCH_JAVA_HOME, JAVA_HOME or /usr/lib/jvm.
# Heap by OPENSEARCH_HEAP (default 512m). A node never runs as root: root is dropped to the user "opensearch".
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,9p' "$0" >&2; exit 2; }
version=$1 folder=$2 port=$3 secure=${4:-}
repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}

fetch() { # group artifact version kind -> path of the file
  local path="$repository/${1//.//}/$2/$3/$2-$3.$4"
  if [ ! -s "$path" ]; then
    command -v mvn >/dev/null || { echo "mvn: not found; run: apt-get install maven" >&2; exit 3; }
    mvn -q -B dependency:get -Dtransitive=false -Dartifact="$1:$2:$3:$4" >&2 ||
      { echo "$2 $3: cannot be fetched from Maven Central; look at the connection" >&2; exit 3; }
  fi
  echo "$path"
}

find_jdk() { # least major version -> home of a JDK
  local home major
  for home in "${OPENSEARCH_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -n "$home" ] && [ -x "$home/bin/java" ] && [ -f "$home/release" ] || continue
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [ "${major:-0}" -ge "$1" ]; then echo "$home"; return; fi
  done
  echo "JDK $1 or later: not found; install one (Temurin, or openjdk-$1-jdk where Debian has it) or set OPENSEARCH_JAVA_HOME" >&2
  exit 3
}

unpack() { python3 -m zipfile -e "$1" "$2"; }

least=11; [ "${version%%.*}" -ge 3 ] && least=21
java_home=$(find_jdk $least)
home="$folder/opensearch-$version"
if [ ! -e "$home/.ready" ]; then
  mkdir -p "$folder"
  unpack "$(fetch org.opensearch.distribution.integ-test-zip opensearch "$version" zip)" "$folder"
  if [ -n "$secure" ]; then
    mkdir -p "$home/plugins/opensearch-security"
    unpack "$(fetch org.opensearch.plugin opensearch-security "$version.0" zip)" "$home/plugins/opensearch-security"
    cp -r "$home/plugins/opensearch-security/config" "$home/config/opensearch-security"
  fi
  if [ ! -d "$home/modules/analysis-common" ]; then # this distribution of 2.x comes without the usual analysers
    mkdir -p "$home/plugins/analysis-common"
    cp "$(fetch org.opensearch.plugin analysis-common "$version" jar)" "$home/plugins/analysis-common/"
    printf '%s\n' "name=analysis-common" "description=usual analysers" "version=$version" "opensearch.version=$version" \
      java.version=11 classname=org.opensearch.analysis.common.CommonAnalysisPlugin \
      >"$home/plugins/analysis-common/plugin-descriptor.properties"
  fi
  touch "$home/.ready"
fi
chmod +x "$home"/bin/* 2>/dev/null || true
chmod +x "$home"/plugins/*/tools/*.sh 2>/dev/null || true

cat >"$home/config/opensearch.yml" <<YAML
cluster.name: yaodun-$port
node.name: node-$port
discovery.type: single-node
network.host: 127.0.0.1
http.port: $port
transport.port: $((port + 1))
cluster.routing.allocation.disk.threshold_enabled: false
cluster.max_shards_per_node: 5000
YAML
export OPENSEARCH_JAVA_HOME=$java_home JAVA_HOME=$java_home
export OPENSEARCH_JAVA_OPTS="-Xms${OPENSEARCH_HEAP:-512m} -Xmx${OPENSEARCH_HEAP:-512m} ${OPENSEARCH_JAVA_MORE:-}"
if [ -n "$secure" ]; then
  : "${OPENSEARCH_INITIAL_ADMIN_PASSWORD:?set it to the first password of admin}"
  rm -f "$home"/config/*.pem
  "$home/plugins/opensearch-security/tools/install_demo_configuration.sh" -y -i >/dev/null
fi

if [ "$(id -u)" -eq 0 ]; then
  id opensearch >/dev/null 2>&1 || useradd --system --home-dir / --shell /usr/sbin/nologin opensearch
  chown -R opensearch: "$home"
  parent=$(dirname "$home")
  while [ "$parent" != / ]; do chmod o+x "$parent"; parent=$(dirname "$parent"); done
  exec setpriv --reuid opensearch --regid "$(id -g opensearch)" --clear-groups --pdeathsig TERM "$home/bin/opensearch"
fi
exec "$home/bin/opensearch"
