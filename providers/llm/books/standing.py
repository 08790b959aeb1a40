"""Which sentences of a book can stand alone: rules of form, with no model.

The word lists are English, since only a language's own words show what a sentence leans on; a book in another
language is judged by its punctuation and its length.
"""

# ruff: noqa: RUF001 - quotation marks and apostrophes as books print them are what this module is about
from __future__ import annotations

import re
from typing import Final

from providers.llm.books.words import LEANING, VERBS

SHORTEST: Final = 35
LONGEST: Final = 320
FEWEST_WORDS: Final = 6
OPENING: Final = "\"“‘'«(「"

# Beginnings that look as if they leaned, and do not: `He who`, `It is better to`, `No general should`.
_STANDING: Final = re.compile(
    r"(?:he|she|they|those|that|such|it) (?:who|that|which|whom|whose|as|what)\b(?! (?:is|was) (?:the|a)\b)"
    r"|it is (?:(?:not|never|always|far|much|very|so|too|more|most|no|as|only) ){0,2}"
    r"(?:better|best|easy|easier|easiest|hard|harder|difficult|impossible|possible|necessary|good|true|natural"
    r"|ridiculous|desirable|well|wise|foolish|useless|vain|late|important|shameful|remarkable|said|peculiar to|right"
    r"|wrong|certain|evident|in our power|the (?:rule|mark|part|nature|duty|business|act|sign|privilege) of"
    r"|the \w+ (?:who|that|which))\b"
    r"|no (?:man|one|person|general|thing|human|great|act|longer|matter|two|sooner|other|better|wise"
    r"|\w+ (?:can|will|should|ought|is|are|has|was|must|may))\b"
    r"|either \w+.* or |neither \w+.* nor |both \w+.* and "
    r"|as (?:(?:long|soon|well|if|far|much) |\w+ (?:is|are|have|has) )"
    r"|for (?:my|our|your|every|all|the|those|whoever|a|an|many|more|most|what) "
    r"|so (?:long|far) as |another (?:man|person)|even (?:the|if|a|when) "
    r"|first (?:say|think|consider|learn|look|of all say)|only (?:the|that|those)|because (?:a|the) |once (?:you|in a)",
    re.IGNORECASE,
)
# What points outside the sentence, at its beginning and wherever it stands.
_POINTING_FIRST: Final = re.compile(
    r"(?:in|on|at|to|from|by|of|with|for|after|before) (?:this|that|these|those|such|it|them|him|her|which)\b"
    r"|the (?:one|two|three|other|first|second|third|last|rest) (?!who|that|which|thing)",
    re.IGNORECASE,
)
_POINTING: Final = re.compile(
    r"\b(?:aforesaid|(?:above|before)[- ]?mentioned|as (?:I|we) (?:have )?(?:said|mentioned|saw)|as follows"
    r"|the (?:former|latter|following|above|same)|footnote|ibid|op\. cit|loc\. cit|vide|herein|hereafter|there(?:of|in)"
    r"|see (?:also |the )?(?:note|chapter|page|appendix|above|below|fig)|chapter [ivxlc\d]+|page \d+|pp?\. ?\d"
    r"|vol\. |these (?:are|words|things|men|\w+ (?:men|things))"
    r"|(?:in|of) this (?:nature|kind|sort|way|case|manner|respect|sense)|at this time"
    r"|this (?:man|person|is|was|book|chapter|edition|translation)|that (?:man|person)"
    r"|such (?:a one|persons?|men|cases?|things?))\b",
    re.IGNORECASE,
)
# Tables, markup, digits of notes that stick to a word, and an end that is an initial.
_MARKS: Final = re.compile(
    r"https?://|[|•*_{}<>\[\]⸺⸻†‡§¶^~\\]|[A-Za-z]\d|[.,;!?”’]\d{1,3}(?!\d*[,.]?\d)\b|\.\.\."
    r"|\b(?:[A-Z]|Capt|Col|Gen|Lieut|Gov|Rev|Messrs|Mrs?|Dr|St|Esq|No|vol|viz|i\.e|e\.g)\.[”’\"]?$"
)
_THIRD: Final = re.compile(r"\b(?:he|she|him|his|hers?|they|them|their|himself|herself|themselves)\b", re.IGNORECASE)
_NAMED: Final = re.compile(
    r"\b(?:the|an?|every|each|no|any|some|most|many|few|all|our|my|your|thy|those|other|one) \w{3,}"
    r"|\b(?:men|people|children|friends|women|persons|whoever|everyone|everybody|anyone|anybody|nobody|one|who|others"
    r"|he (?:who|that)|things)\b|(?<=[a-z,;] )(?-i:[A-Z])[a-z]{2,}",
    re.IGNORECASE,
)
_PAIRS: Final = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"), ("「", "」"))
_CLOSED: Final = re.compile(r"[.!?…。！？][\"”’»)」]*$")


def stands_alone(sentence: str) -> bool:
    """Whole, closed, of a readable length, and leaning on nothing that was said before it."""
    if not SHORTEST <= len(sentence) <= LONGEST or len(sentence.split()) < FEWEST_WORDS:
        return False
    bare = sentence.lstrip(OPENING)
    if not bare[:1].isupper() or not _CLOSED.search(sentence) or _MARKS.search(sentence):
        return False
    if not balanced(sentence) or (sentence[0] in '“"' and not sentence.endswith(("”", '"'))):
        return False
    return has_verb(sentence) and not leans(bare)


def balanced(text: str) -> bool:
    """Whether each quotation mark and bracket has its other half."""
    if text.count('"') % 2 or any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS):
        return False
    # A single closing mark is an apostrophe as well; an opening one needs its other half.
    return text.count("‘") <= text.count("’")


def has_verb(sentence: str) -> bool:
    """Whether it says something: a line without a verb is a title or a fragment. True in a language of other words."""
    if not sentence.isascii() and not re.search(r"[a-z]", sentence):
        return True
    return any(word in VERBS or word.endswith("ed") for word in re.findall(r"[a-z]+", sentence.casefold()))


def leans(text: str) -> bool:
    """Whether a sentence, without its opening marks, needs the one before it to be understood."""
    if _STANDING.match(text):
        return _POINTING.search(text) is not None
    word = re.split(r"[^\w-]", text, maxsplit=1)[0].casefold()
    if word in LEANING or _POINTING_FIRST.match(text) or _POINTING.search(text):
        return True
    pronoun = _THIRD.search(text)
    return pronoun is not None and _NAMED.search(text[: pronoun.start()]) is None
