"""Encryption: round trip, tamper and move are noticed, rotation keeps old values and hashes."""

import hmac
import io

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from smartschool.kernel import files
from smartschool.kernel.crypto import KeyRing

OLD, NEW = {"k1": b"1" * 32}, {"k1": b"1" * 32, "k2": b"2" * 32}


@given(st.text(), st.text(max_size=20))
def test_round_trip(plain: str, purpose: str) -> None:
    ring = KeyRing(OLD)
    assert ring.decrypt(ring.encrypt(plain.encode(), purpose=purpose), purpose=purpose).decode() == plain


def test_a_column_is_sealed_value_by_value() -> None:
    ring = KeyRing(NEW)
    tokens = ring.encrypt_all([b"a", b"", b"a"], purpose="p")
    assert [ring.decrypt(token, purpose="p") for token in tokens] == [b"a", b"", b"a"]
    assert len(set(tokens)) == 3  # equal values do not look equal
    assert ring.encrypt_all([], purpose="p") == []


def test_a_value_cannot_be_moved_or_altered() -> None:
    ring = KeyRing(OLD)
    token = ring.encrypt(b"340402", purpose="a.b")
    with pytest.raises(InvalidTag):
        ring.decrypt(token, purpose="a.c")
    with pytest.raises(InvalidTag):
        ring.decrypt(token[:-1] + bytes([token[-1] ^ 1]), purpose="a.b")


def test_rotation_keeps_old_values_and_hashes() -> None:
    token = KeyRing(OLD).encrypt(b"x", purpose="p")
    assert KeyRing(NEW).decrypt(token, purpose="p") == b"x"
    assert KeyRing(NEW).keyed_hash("x", purpose="p") == KeyRing(OLD).keyed_hash("x", purpose="p")
    assert KeyRing(NEW).encrypt(b"x", purpose="p")[1:3] == b"k2"


@given(st.text(), st.text(max_size=20))
def test_the_keyed_hash_is_hmac_sha256(value: str, purpose: str) -> None:
    key = hmac.digest(OLD["k1"], b"keyed-hash", "sha256")
    expected = hmac.digest(key, f"{purpose}\0{value}".encode(), "sha256")
    assert KeyRing(NEW).keyed_hash(value, purpose=purpose) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("encrypt", [True, False])
def test_files_come_back_and_are_stored_once(encrypt: bool, settings: object, tmp_path: object) -> None:
    settings.FILES_DIR = tmp_path  # type: ignore[attr-defined]
    content = "姓名".encode() * 700_000
    one = files.store(io.BytesIO(content), encrypt=encrypt)
    two = files.store(io.BytesIO(content), encrypt=encrypt)
    assert one.pk == two.pk
    assert b"".join(files.read(one)) == content
    on_disk = (tmp_path / one.digest[:2] / one.digest).read_bytes()  # type: ignore[operator]
    assert ("姓名".encode() * 8 in on_disk) is not encrypt
