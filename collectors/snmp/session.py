"""Questions to one device, bounded: a walk ends at its subtree, at ``MAX_ROWS``, where OIDs do not grow, or in time."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.snmp.ber import BerError, Oid, Value
from collectors.snmp.message import REPORT, Answer, message_v2c, question, read_v2c
from collectors.snmp.transport import SnmpTransport
from collectors.snmp.usm import NOT_IN_TIME, UNKNOWN_ENGINE, Engine, User, message_v3, read_v3

MAX_ROWS = 5_000
MAX_VALUES = 96
"""Values asked for in one question: an answer stays within one or two packets."""
_ATTEMPTS = 2
_REPORTS = {
    UNKNOWN_ENGINE: "the device has another engine id", NOT_IN_TIME: "the device's clock is another",
    "1.3.6.1.6.3.15.1.1.1.0": "the device wants another security level",
    "1.3.6.1.6.3.15.1.1.3.0": "the device does not know this user",
    "1.3.6.1.6.3.15.1.1.5.0": "the device finds the password of authentication wrong",
    "1.3.6.1.6.3.15.1.1.6.0": "the device finds the password of privacy wrong",
}  # fmt: skip
Credentials = bytes | User
"""A community of v2c, or a user of v3."""


class SnmpError(Exception):
    """The device did not answer, or answered with an error; the text says which."""


class Session:
    """One device. ``transport`` is shared by all devices of a poller."""

    def __init__(
        self, transport: SnmpTransport, credentials: Credentials, host: str, port: int, timeout_s: float
    ) -> None:
        self._transport, self._credentials = transport, credentials
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._engine = Engine()
        self._rows: dict[str, int] = {}
        self.requests = 0

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """Values of ``oids``; those the device does not have are left out."""
        found: dict[str, Value] = {}
        for start in range(0, len(oids), MAX_VALUES):
            part = {_numbers(oid): oid for oid in oids[start : start + MAX_VALUES]}
            answer = await self._ask(list(part))
            found |= {part[oid]: value for oid, value in answer if value is not None and oid in part}
        return found

    async def walk(self, columns: Sequence[str]) -> dict[Oid, dict[str, Value]]:
        """Rows of a table by index: values by column. Columns are asked for together, as many rows as there were last
        time and one more."""
        roots = {column: _numbers(column) for column in columns}
        reached: dict[str, Oid] = dict(roots)
        rows: dict[Oid, dict[str, Value]] = {}
        known = self._rows.get(columns[0], 4)
        while reached and len(rows) < MAX_ROWS:
            asked = list(reached)
            repeat = max(1, min(known - len(rows) + 1 if known >= len(rows) else 16, MAX_VALUES // len(asked)))
            found = await self._ask([reached[column] for column in asked], repeat)
            reached = _absorb(found, asked, roots, reached, rows)
        self._rows[columns[0]] = len(rows)
        return rows

    async def _ask(self, oids: Sequence[Oid], repeat: int = 0) -> list[tuple[Oid, Value | None]]:
        self.requests += 1
        try:
            answer = await self._exchange(oids, repeat)
        except TimeoutError:
            raise SnmpError(f"no answer within {_ATTEMPTS} x {self._timeout_s:g} s") from None
        except BerError as error:
            raise SnmpError(f"the answer cannot be read: {error}") from None
        if answer.kind == REPORT:
            name = ".".join(map(str, answer.values[0][0])) if answer.values else ""
            raise SnmpError(_REPORTS.get(name, f"the device reports {name}"))
        if answer.status:
            raise SnmpError(f"the device answers {answer.problem}")
        return answer.values

    async def _exchange(self, oids: Sequence[Oid], repeat: int) -> Answer:
        credentials, number = self._credentials, self._transport.number()
        if not isinstance(credentials, User):
            return read_v2c(await self._send(number, message_v2c(credentials, question(number, oids, repeat))))
        if not self._engine.identity:
            await self._exchange_v3(credentials, [])
        answer = await self._exchange_v3(credentials, oids, repeat)
        if answer.kind == REPORT and answer.values and _named(answer) in (NOT_IN_TIME, UNKNOWN_ENGINE):
            if _named(answer) == UNKNOWN_ENGINE:
                self._engine = Engine()
                await self._exchange_v3(credentials, [])
            answer = await self._exchange_v3(credentials, oids, repeat)
        return answer

    async def _exchange_v3(self, user: User, oids: Sequence[Oid], repeat: int = 0) -> Answer:
        number = self._transport.number()
        message = message_v3(user, self._engine, number, question(number, oids, repeat))
        return read_v3(await self._send(number, message), user, self._engine)

    async def _send(self, number: int, message: bytes) -> bytes:
        return await self._transport.ask(self._host, self._port, number, message, self._timeout_s, _ATTEMPTS)


def _named(answer: Answer) -> str:
    return ".".join(map(str, answer.values[0][0]))


def _absorb(
    found: Sequence[tuple[Oid, Value | None]], asked: Sequence[str], roots: dict[str, Oid], reached: dict[str, Oid],
    rows: dict[Oid, dict[str, Value]],
) -> dict[str, Oid]:  # fmt: skip
    """Take over the rows of one answer; what is still to be asked, and from where."""
    going = {column: reached[column] for column in asked} if found else {}
    for number, (oid, value) in enumerate(found):
        column = asked[number % len(asked)]
        if column not in going:
            continue
        root = roots[column]
        if value is None or oid[: len(root)] != root or oid <= going[column]:
            del going[column]
            continue
        going[column] = oid
        rows.setdefault(oid[len(root) :], {})[column] = value
    return {column: oid for column, oid in going.items() if oid != reached[column]}


def _numbers(oid: str) -> Oid:
    return tuple(int(part) for part in oid.split("."))
