"""English words by what they do in a sentence; old books' forms are among them."""

# ruff: noqa: RUF001 - apostrophes as books print them
from __future__ import annotations

from typing import Final

_COMMON = """
about above according accordingly account across after afterwards again against ages almost alone along already also
although always among amongst another answer anybody anyone anything appear appeared arrived art aside asked away
back became because become been before began begin behind being below best better between both bring brought call
called came cannot canst case cause certain certainly come comes coming common consequently could couldst course
days dear desire desired didst different does doing done dost doth doubt down during each early either else enough
entirely even ever every everyone everything except expect far fast feel felt find first five followed following
forward found four from full further gave general generally give given gives going gone good great greater greatest
hadst half hand hands hard hast hath have having hear heard hence here herself high himself hold hour hours however
hundred indeed instead into itself just keep kept kind knew know known large last lately later latter least leave
left length less lest like likewise little long longer look looked lot lots made make makes making manner many
matter mayest mean means might mine more moreover most much must myself name named namely near nearly necessary need
neither never nevertheless next nobody none nothing notwithstanding number obtained occasion often once ones only
onto opinion order other others otherwise ought ours ourselves over part particular parts past perhaps person
persons place places point present presently proper propose proposed purpose quite rather really reason received
respect rest right round said same says second seem seemed seems seen several shall shalt shew short should shouldst
show side since small some somebody someone something sometimes somewhat soon sort speak state still subject such
sufficient suppose sure take taken takes taking tell than that thee their them themselves then thence there thereby
therefore these they thine thing things think third this thither those thou though thought thousand three through
throughout thus thy thyself till time times together told took toward towards true truly turn turned twenty under
unless until unto upon upper used useful using usual very want wast water week well went were what whatever when
whence where whereas wherein whether which while whilst whither whole whom whose will wilt wish with within without
wont word words work would wouldst year years yesterday your yours yourself yourselves
"""

_LEANING = """
accordingly afterward afterwards again ah alas also and another as ay because besides both but consequently either
elsewhere even finally first firstly for former further furthermore he hence her here him his hither however indeed
it its lastly latter likewise meanwhile moreover nay neither nevertheless next no nor notwithstanding now o oh once
only or others otherwise perhaps presently same second secondly she similarly so soon still such that their them
then thence thereby therefore thereupon these they third thirdly this thither those thus too well whereas whereupon
which whom whose yes yet
"""

_IMPERATIVES = """
abide abstain accept accustom act add admit aim always appear appoint arrange ask attack attend avoid be bear become
begin believe beware blame block bring bury call camp carry cast cease change chisel choose come compare conceal
conduct confine consider contemplate content control count cover cultivate cure cut deem defend deliver deny desire
despise determine dig direct discover dismiss dispose divide do don don’t drink drive dwell eat employ endeavor
endeavour endure engage enjoy enter erase establish examine exercise expect explore extirpate fear feel feign fight
find fix flee follow forbear forget forgive free gather get give go grow guard hasten hear help hold hope imagine
imitate improve inquire judge keep know labor labour lay lead learn leave let lie listen live look lose love make
manage maneuver mark measure meditate move neglect never notice observe offer open order ponder practice practise
praise prefer prepare preserve press prevent produce provide pursue put quit raise rather read receive recollect
reduce refrain refuse regard reject rejoice relax remain remember remove repent reserve resist resolve respect rest
retire return rid rouse rule run say search see seek select send serve set show simplify sit slight spare speak
spend stand start stay stop strive study submit suffer suppose sweep take teach tell thank think throw tolerate
train treat trust try turn understand undertake use wait walk wash waste watch weigh wipe wish withdraw work write
wrong yield
"""

_OBJECTS = """
none my thy our your the a an this that these those it him her them not no nothing to up out off with in on from for and
thyself yourself each every all as only always what whatever how if when more less neither either at by well back away
down such little much some thing things men others one us about into over thou thee you yourselves good because unto
like carefully often never first so both upon after or low high plain silent sure content
"""

_PAST = """
was were had did said went came took told made saw found gave got began thought became sent wrote knew left brought kept
stood felt
"""

_AUXILIARIES = """
is are am be has have do does can could may might must shall should will would ought art hast hath doth wilt shalt let
"""

_OUGHT = "must should ought need needs cannot never always shall rule remember better best wise secret"

_GENERAL = "we our us men man mankind people everyone whoever nobody life truth wisdom every human virtue"

# What says nothing about what a book is about.
COMMON: Final = frozenset(_COMMON.split())
# What a sentence cannot begin with: it leans on the one before.
LEANING: Final = frozenset(_LEANING.split())
# Verbs that a sentence of advice begins with.
IMPERATIVES: Final = frozenset(_IMPERATIVES.split())
# Words after such a verb that show that it is one.
OBJECTS: Final = frozenset(_OBJECTS.split())
PAST: Final = frozenset(_PAST.split())
# Most sentences have one of these.
VERBS: Final = IMPERATIVES | {f"{verb}s" for verb in IMPERATIVES} | PAST | frozenset(_AUXILIARIES.split())
OUGHT: Final = frozenset(_OUGHT.split())
YOU: Final = frozenset({"you", "your", "yourself", "thou", "thee", "thy", "thyself"})
# What holds for everybody.
GENERAL: Final = frozenset(_GENERAL.split())
# What belongs to one time and place.
FIGURES: Final = frozenset(
    {"pound", "pounds", "shilling", "shillings", "mile", "miles", "clock", "mr", "mrs", "dr", "sir"}
)
