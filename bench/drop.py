"""A file of a million rows through the drop folder, as a province would send it: CSV in GBK with bad rows in it.

A process of its own takes the file: judged, counted, framed, each frame durable in a spool before the next is made.
What its report says is held against what was written, row by row; anything else than equal breaks the measure.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import Row, figure

ROWS = 1_000_000
HEADER = "类型,事件标识,系统,发生时间,上报时间,单据号,单据类型,企业,品种,批号,数量,追溯码,v"
_BAD = ("columns", "not_an_event", "version", "future_timestamp")


@figure("drop_rows_s", "drop_peak_mib")
def a_million_rows() -> Iterator[Row]:
    """Rows per second of processor time, and how much memory the process needed beyond what it had before the file."""
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        home = Path(folder)
        wanted = _write(home / "drop" / "省中心单据.csv")
        words = [sys.executable, "-m", "bench.drop", folder]
        found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True, timeout=600).stdout)
    if found["account"] != wanted or found["spooled"] != ROWS:
        raise RuntimeError(f"the account does not add up: {found}, wanted {wanted}")
    told = ", ".join(f"{name} {count}" for name, count in wanted.items() if name != "reasons")
    detail = f"{told}; {found['mib']:.0f} MiB of GBK CSV"
    clocked = ROWS / found["clocked"]
    yield Row("drop_rows_s", ROWS / found["seconds"], "rows/s", "beside it by the clock", clocked, detail=detail)
    yield Row("drop_peak_mib", found["peak_mib"], "MiB", "megabytes of the file", found["mib"])


def _write(path: Path) -> dict[str, object]:
    """The file and its manifest; the account that a right report gives."""
    path.parent.mkdir(parents=True)
    reasons = dict.fromkeys(_BAD, 0)
    repeated = 0
    with path.open("w", encoding="gbk", newline="") as out:
        out.write(HEADER + "\r\n")
        for number in range(1, ROWS + 1):
            fault = _BAD[number // 997 % 4] if number % 997 == 0 else ""
            again = not fault and number % 769 == 0 and (number - 400) % 997 != 0
            out.write(_row(number - 400 if again else number, fault) + "\r\n")
            repeated += again
            if fault:
                reasons[fault] += 1
    (path.parent / (path.name + ".manifest")).write_text(json.dumps({"records": ROWS}), encoding="utf-8")
    bad = sum(reasons.values())
    return {
        "records": ROWS, "accepted": ROWS - bad - repeated, "quarantined": bad, "repeated": repeated,
        "reasons": reasons,
    }  # fmt: skip


def _row(number: int, fault: str) -> str:
    year = "2096" if fault == "future_timestamp" else "2026"
    quantity = "很多" if fault == "not_an_event" else str(number % 90 + 1)
    cells = [
        "bill", f"gd-2026-{number:09d}", "trace", f"{year}-02-03T11:{number % 60:02d}:00+08:00",
        f"{year}-02-03T17:40:11+08:00", f"CK-{number // 4:08d}", "201", f"岭南医药有限公司{number % 3000:04d}",
        f"YP-{number % 800:04d}", f"26{number % 97:04d}", quantity, f"8212345{number:013d}|8212346{number:013d}",
        "2" if fault == "version" else "1",
    ]  # fmt: skip
    if fault == "columns":
        cells = cells[: 3 + number % 8]
    return ",".join(cells)


def _peak_mib() -> float:
    """The most memory since it was last reset (``VmHWM``); ``ru_maxrss`` would count the parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Take the file of the folder named on the command line; the report as JSON."""
    from collectors.sources.business.drop_folder import DropFolder
    from infra.spool import SpoolReader, SpoolWriter

    home = Path(sys.argv[1])
    size = sum(path.stat().st_size for path in (home / "drop").iterdir()) / (1 << 20)
    spool = SpoolWriter(home / "spool")
    folder = DropFolder(home / "drop", home / "taken", now=lambda: time.time() + 60)
    Path("/proc/self/clear_refs").write_text("5")
    before, clock, began = _peak_mib(), time.perf_counter(), time.process_time()
    (report,) = asyncio.run(folder.look(spool))
    seconds, peak = time.process_time() - began, _peak_mib() - before
    clocked = time.perf_counter() - clock
    spool.close()
    reader, spooled = SpoolReader(home / "spool"), 0
    while taken := reader.read(16 << 20, 500):
        spooled += sum(frame.count for frame, _ in taken)
    account = {
        name: getattr(report.account, name) for name in ("records", "accepted", "quarantined", "repeated", "reasons")
    }
    found = {
        "account": account,
        "spooled": spooled,
        "seconds": seconds,
        "peak_mib": peak,
        "mib": size,
        "clocked": clocked,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
