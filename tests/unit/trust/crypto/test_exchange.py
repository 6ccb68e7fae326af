"""GB/T 32918.5-2017 annex B.2: key exchange on the recommended curve."""

from __future__ import annotations

import pytest

from infra.errors import AppError
from trust.crypto.curve import N
from trust.crypto.exchange import Party, agree
from trust.crypto.sm2 import PrivateKey

A = PrivateKey(0x81EB26E941BB5AF16DF116495F90695272AE2CD63D6C4AE1678418BE48230029)
B = PrivateKey(0x785129917D45A9EA5437A59356B82338EAADDA6CEB199088F14AE10DEFA229B5)
EPHEMERAL_A = PrivateKey(0xD4DE15474DB74D06491C440D305E012400990F3E390C7E87153C12DB2EA60BB3)
EPHEMERAL_B = PrivateKey(0x7E07124814B309489125EAED101113164EBF0F3458C5BD88335C1F9D596243D6)
INITIATOR, RESPONDER = Party(A.public, EPHEMERAL_A.public), Party(B.public, EPHEMERAL_B.public)


def test_the_standards_example() -> None:
    found = agree(A, EPHEMERAL_A, INITIATOR, RESPONDER)
    assert found.key.hex() == "6c89347354de2484c60b4ab1fde4c6e5"
    assert found.responder_confirms.hex() == "d3a0fe15dee185ceae907a6b595cc32a266ed7b3367e9983a896dc32fa20f8eb"
    assert found.initiator_confirms.hex() == "18c7894b3816df16cf07b05c5ec0bef5d655d58f779cc1b400a4f3884644db88"
    assert found == agree(B, EPHEMERAL_B, INITIATOR, RESPONDER)
    assert found.key.hex() not in repr(found)


def test_another_id_gives_another_key() -> None:
    other = Party(B.public, EPHEMERAL_B.public, b"someone else")
    assert agree(A, EPHEMERAL_A, INITIATOR, other).key != agree(A, EPHEMERAL_A, INITIATOR, RESPONDER).key


def test_a_peer_that_cancels_out_is_refused() -> None:
    x = EPHEMERAL_B.public.x
    reduced = (1 << 127) + (x & ((1 << 127) - 1))
    hostile = PrivateKey(-reduced * EPHEMERAL_B.secret % N)
    with pytest.raises(AppError):
        agree(A, EPHEMERAL_A, INITIATOR, Party(hostile.public, EPHEMERAL_B.public))
