"""Bytes as words that people read aloud, compare and write down: one of 256 short Norwegian nouns per byte.

Words differ within their first four letters, no two are one letter apart, and words that sound like others (sand), have two
common spellings (bro, bru) or may frighten or insult are left out. The order is part of the format: printed codes depend on it.
"""

import re
import unicodedata

from protocol.encoding import unb64url
from protocol.ids import is_digest
from protocol.roster import RECOVERY_CODE_BYTES

# A literal and no data file: in the browser this module is read from a zip, where only modules are sure to be found.
_LIST = """
agurk album ananas anker aprikos atlas avis ball bamse banan belte benk berg bever bie bilde billett
bjelle blomst blyant bolle brev briller brygge brød bukse bunad buss bånd båt bøtte bær dal dans
diamant drue drøm duk dusj dyne ekorn elg eple eske eventyr fele ferie fersken fiken film fisk fjell
fjord flagg flaske flette fløyte frosk frukt fugl furu gardin garn gave genser gitar gjerde glass gran
grill grind grotte grøt gryte gull gulrot gynge hage hanske havre hest himmel hjelm hjerte honning
hotell humle hund hus hvete hylle hytte jakke kaffe kaktus kake kalv kamera kanin kano kanel katt
kirke kiosk kjeks kjole kjøkken klokke kloss kløver knapp kokk kompass kopp krabbe krone krus kurv
kyst lampe land lavvo lerke lilje lue luft lykt lyng lys låve løype magnet mais mandel mango matte
maur mugge museum musikk mynt måne møbel mølle mønster nebb nisse nøkkel nøste nøtt olje oliven orgel
ost oter ovn palme panne papir park pasta pelikan pensel pepper perle piano pizza plakat planke plomme
pokal ponni potet pumpe pute pære påfugl radio ramme ravn regnbue reke ring ris rose rosin rype saft
sag saks salat sebra sekk seng silke sitron sjakk skjerf skinke skip skog skole sky skål slott smykke
sofa sommer spade speil stjerne stol stork strand stue sukker suppe svamp svane sykkel såpe sølv søyle
tavle teater telt teppe terning tog tomat torsk traktor trapp tromme trost trøye tulipan tunnel tøffel
tønne tårn ugle vann vase vegg vekt vifte vindu vinge vinter vogn vott ørn ørret øye åker
"""
WORDS: tuple[str, ...] = tuple(_LIST.split())
FINGERPRINT_WORDS = 6
"""48 bits: finding a second unit with the same words costs 2**48 signatures and hashes, against invites that last two days."""

_BYTES = {word: value for value, word in enumerate(WORDS)}
_LETTERS = re.compile(r"[^\W\d_]+")


class CodeWrong(ValueError):
    """A typed code that can't be right. `position` counts words from 1; 0 when their number (`count`) is wrong."""

    def __init__(self, position: int, word: str, count: int) -> None:
        wrong_count = f"{count} words, not {RECOVERY_CODE_BYTES}"
        super().__init__(f"word {position} is not in the list: {word}" if position else wrong_count)
        self.position = position
        self.word = word
        self.count = count


def fingerprint_words(root_hash: str) -> list[str]:
    """Six words for a roster's root hash, to compare across a table. Raises ValueError when it is no hash."""
    if not is_digest(root_hash):
        raise ValueError("not a hash")
    return [WORDS[byte] for byte in unb64url(root_hash)[:FINGERPRINT_WORDS]]


def encode_code(code: bytes) -> list[str]:
    """The 16 words of a recovery code of 16 bytes. Raises ValueError for another length."""
    if len(code) != RECOVERY_CODE_BYTES:
        raise ValueError(f"{len(code)} bytes, not {RECOVERY_CODE_BYTES}")
    return [WORDS[byte] for byte in code]


def decode_code(words: str) -> bytes:
    """Read a typed recovery code. Case, white space, punctuation and numbering don't matter. Raises CodeWrong."""
    # Some keyboards write å as a and a ring: NFC makes one letter of the two.
    typed = _LETTERS.findall(unicodedata.normalize("NFC", words).lower())
    for position, word in enumerate(typed, start=1):
        if word not in _BYTES:
            raise CodeWrong(position, word, len(typed))
    if len(typed) != RECOVERY_CODE_BYTES:
        raise CodeWrong(0, "", len(typed))
    return bytes(_BYTES[word] for word in typed)
