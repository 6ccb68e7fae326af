"""A sheet of 100,000 rows brought in: with a wrong row in ten refused whole, without one taken whole."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figure import Row, figure

ROWS = 100_000
HEAD = "system,name,unit,unit_code,column,sso,users,authentication,audit,ways,icp,go_live"
ROW = "s{0},追溯 {0},u1,NMPA,{1},是,yes,1,0,otp ca,京ICP备13027807号,2026-07-01"


@figure("import_100k_s", "import_100k_mib")
def import_100k() -> list[Row]:
    """Seconds and peak memory of a process that does both; every wrong row must be named, and none kept."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-m", "bench.graded_import", folder],
            capture_output=True,
            text=True,
            check=True,
            timeout=900,
        )
    told = json.loads(ran.stdout.splitlines()[-1])
    if (told["errors"], told["kept_of_wrong"], told["kept"]) != (ROWS // 10, 0, ROWS):
        raise RuntimeError(f"import of {ROWS} rows: {told}")
    return [
        Row("import_100k_refused_s", told["refused_s"], "s", value_note=f"{told['errors']} wrong rows named"),
        Row("import_100k_s", told["taken_s"], "s", value_note="judged and kept in one transaction"),
        Row("import_100k_mib", told["mib"], "MiB", value_note=f"peak of the process; {told['idle_mib']} before"),
    ]


def main(folder: Path) -> None:
    """Do both, and print what was measured."""
    import resource
    import time

    from infra.clock import SystemClock
    from infra.records import open_records
    from infra.records.migrate import migrate
    from infra.web.seams import Actor
    from ops.recordfiling.bulk import read_applications
    from ops.recordfiling.service import SystemRecords

    records = open_records(folder / "records.sqlite")
    migrate(records.engine)
    systems, owner = SystemRecords(records, SystemClock()), Actor(id="u1", name="owner")
    right = "\n".join([HEAD, *(ROW.format(n, 9) for n in range(ROWS))]).encode()
    wrong = "\n".join([HEAD, *(ROW.format(n, 99 if n % 10 == 0 else 9) for n in range(ROWS))]).encode()

    def mib() -> float:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)

    idle, began = mib(), time.perf_counter()
    sheet = read_applications(wrong, "wrong.csv")
    errors, kept_of_wrong = len(sheet.errors), len(sheet.applications)
    middle = time.perf_counter()
    kept = systems.apply_all(owner, read_applications(right, "right.csv").applications)
    told = {
        "errors": errors, "kept_of_wrong": kept_of_wrong, "kept": kept, "refused_s": round(middle - began, 2),
        "taken_s": round(time.perf_counter() - middle, 2), "mib": mib(), "idle_mib": idle,
    }  # fmt: skip
    records.close()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
