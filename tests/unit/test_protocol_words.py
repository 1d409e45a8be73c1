"""Words for fingerprints and recovery codes."""

from __future__ import annotations

import unicodedata
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import digest
from protocol.words import FINGERPRINT_WORDS, WORDS, CodeWrong, decode_code, encode_code, fingerprint_words

pytestmark = pytest.mark.unit


def one_letter_apart(one: str, two: str) -> bool:
    if len(one) == len(two):
        return sum(a != b for a, b in zip(one, two, strict=True)) == 1
    short, long = sorted((one, two), key=len)
    return len(long) - len(short) == 1 and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def test_the_list_can_be_told_apart_by_eye_and_ear() -> None:
    assert len(WORDS) == 256
    assert len({word[:4] for word in WORDS}) == 256
    assert all(3 <= len(word) <= 7 and word.isalpha() and word == word.lower() for word in WORDS)
    assert all(word == unicodedata.normalize("NFC", word) for word in WORDS)
    assert [pair for pair in combinations(WORDS, 2) if one_letter_apart(*pair)] == []


def test_the_order_of_the_list_is_frozen() -> None:
    # Printed codes depend on it: a change here makes every printed recovery code worthless.
    assert digest("\n".join(WORDS).encode()) == "ZydkpDZMsUY1yk518nktsfIQ6NagSkcSLZ8DBCbo0Ro"


@given(st.binary(min_size=16, max_size=16))
def test_a_code_there_and_back(code: bytes) -> None:
    words = encode_code(code)
    assert len(words) == 16
    assert decode_code(" ".join(words)) == code


@given(st.binary(min_size=16, max_size=16), st.data())
def test_a_code_as_people_type_it(code: bytes, data: st.DataObject) -> None:
    separator = st.sampled_from([" ", "\n", "\t ", ", ", " - ", " 7. ", "\u00a0"])
    change = st.sampled_from([str.upper, str.title, lambda word: unicodedata.normalize("NFD", word)])
    typed = "  1. " + "".join(data.draw(change)(word) + data.draw(separator) for word in encode_code(code))
    assert decode_code(typed) == code


def test_what_is_wrong_with_a_code_is_said() -> None:
    words = encode_code(bytes(16))
    words[4] = "agurker"
    with pytest.raises(CodeWrong) as wrong:
        decode_code(" ".join(words))
    assert (wrong.value.position, wrong.value.word) == (5, "agurker")
    for count in (0, 15, 17):
        with pytest.raises(CodeWrong) as wrong:
            decode_code("agurk " * count)
        assert (wrong.value.position, wrong.value.count) == (0, count)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_codes_have_one_length(length: int) -> None:
    with pytest.raises(ValueError, match="16"):
        encode_code(bytes(length))


def test_fingerprint_words_follow_the_hash() -> None:
    root = digest(b"root")
    words = fingerprint_words(root)
    assert len(words) == FINGERPRINT_WORDS == 6
    assert words == fingerprint_words(root) != fingerprint_words(digest(b"another root"))
    with pytest.raises(ValueError, match="hash"):
        fingerprint_words("root")
