"""Word lists that the generators draw from; knows no task, no phrasing and no tokenizer.

Plain tuples, all lower case except for names of people and places. `random_word` makes strings that no list holds.
"""

from __future__ import annotations

import random


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split()))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Singular and plural; `box/boxes` gives both, a bare word takes an s."""
    pairs: list[tuple[str, str]] = []
    for item in text.split():
        one, _, many = item.partition("/")
        pairs.append((one, many or one + "s"))
    return tuple(dict.fromkeys(pairs))


FIRST_NAMES: tuple[str, ...] = _words("""
Anna Ben Clara David Emma Frank Grace Henry Ivy Jack Kate Leo Mia Noah Olivia Paul Rose Sam Tom Lucy Max Nina Oscar
Alice Bob Carla Dan Ella Finn Gina Hugo Iris James Karen Luke Maria Nick Pam Quinn Ravi Sara Tina Uma Victor Wendy
Yusuf Zoe Amir Bella Chen Diego Elena Fatima George Hana Ian Julia Kofi Lena Marco Nora Omar Priya Rita Sofia Theo
Vera Will Yara Adam Amy Beth Carl Eva Jane John Lily Mark Mary Peter Ruth Tim Alex Chris Laura Martin Simon Susan
""")

SURNAMES: tuple[str, ...] = _words("""
Adams Baker Brown Carter Clark Cooper Davis Evans Fisher Garcia Gray Green Hall Harris Hill Jones King Klein Kumar
Lee Lewis Lopez Martin Miller Moore Morris Novak Parker Patel Price Reed Rossi Scott Silva Singh Smith Stone Suzuki
Taylor Turner Walker Ward Weber White Wilson Wong Wood Wright Young
""")

FRUITS: tuple[tuple[str, str], ...] = _pairs("""
apple banana cherry/cherries grape lemon lime mango/mangoes melon orange peach/peaches pear plum strawberry/strawberries
berry/berries fig date kiwi apricot coconut pineapple
""")

FOODS: tuple[tuple[str, str], ...] = _pairs("""
egg cake cookie pie sandwich/sandwiches pizza burger candy/candies muffin donut carrot onion potato/potatoes
tomato/tomatoes pepper bean nut olive bagel roll loaf/loaves pancake waffle snack sweet biscuit sausage
""")

OBJECTS: tuple[tuple[str, str], ...] = _pairs("""
book pen pencil bag box/boxes ball toy card coin stamp cup plate bowl spoon fork knife/knives bottle can jar key lamp
chair table desk clock watch/watches phone ticket sticker marble button ribbon balloon candle brick stone shell
basket bucket brush/brushes broom towel blanket pillow hat cap scarf/scarves glove sock shoe shirt coat dress/dresses
belt ring bead necklace crayon marker notebook folder paper photo picture poster painting map magazine letter
envelope postcard puzzle doll robot kite drum guitar bike car bus/buses truck boat train plane wheel tire
battery/batteries bulb wire nail screw hammer ladder rope tent chain badge medal prize flag mirror camera screen
laptop tablet cable disk file page block cube tile pot pan tray vase mug
""")

ANIMALS: tuple[tuple[str, str], ...] = _pairs("""
cat dog bird fish/fish horse cow pig sheep/sheep goat duck hen chicken rabbit mouse/mice rat frog turtle snake lion
tiger bear wolf/wolves fox/foxes deer/deer monkey elephant giraffe zebra camel donkey goose/geese swan owl eagle
parrot bee ant spider butterfly/butterflies whale dolphin shark seal crab puppy/puppies kitten hamster lamb pony/ponies
""")

PLANTS: tuple[tuple[str, str], ...] = _pairs("""
flower rose tulip daisy/daisies tree bush/bushes seed leaf/leaves plant cactus/cacti
""")

PEOPLE: tuple[tuple[str, str], ...] = _pairs("""
student teacher friend child/children boy girl man/men woman/women player worker driver guest visitor doctor nurse
farmer baker painter singer dancer writer reader runner pilot sailor soldier customer neighbor cousin
""")

NOUNS: tuple[tuple[str, str], ...] = FRUITS + FOODS + OBJECTS + ANIMALS + PLANTS + PEOPLE
"""Every countable noun as (singular, plural)."""

GOODS: tuple[tuple[str, str], ...] = FRUITS + FOODS + OBJECTS
"""What one may own, buy, sell, lose or give away."""

CONTAINERS: tuple[tuple[str, str], ...] = _pairs("""
box/boxes bag basket bucket jar shelf/shelves drawer tray crate pack packet room bus/buses table row truck cart case
""")

PLACES: tuple[str, ...] = _words("""
house home school park garden kitchen shop store market library office station museum beach farm river lake forest
street city village hotel hospital theater bakery bank church bridge castle airport harbor zoo gym cafe
""")

CITIES: tuple[str, ...] = _words("""
Paris London Rome Berlin Madrid Lisbon Vienna Prague Oslo Dublin Athens Warsaw Cairo Tokyo Delhi Beijing Sydney Boston
Chicago Denver Seattle Toronto Lima Bogota Nairobi Lagos Dubai Moscow Helsinki Geneva Milan Munich Hamburg Porto
Seoul Bangkok Manila Havana Dallas Austin
""")

COUNTRIES: tuple[str, ...] = _words("""
France England Italy Germany Spain Portugal Austria Norway Ireland Greece Poland Egypt Japan India China Australia
Canada Mexico Peru Brazil Chile Kenya Nigeria Russia Finland Sweden Denmark Turkey Korea Thailand Cuba Iceland Belgium
""")

COLOURS: tuple[str, ...] = _words("""
red blue green yellow black white brown orange purple pink gray gold silver beige teal navy violet cyan
""")

DAYS: tuple[str, ...] = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")

MONTHS: tuple[str, ...] = _words("""
January February March April May June July August September October November December
""")

JOBS: tuple[str, ...] = _words("""
teacher doctor nurse farmer baker painter singer dancer writer pilot sailor soldier driver cook chef lawyer judge
engineer artist actor plumber mechanic carpenter gardener librarian dentist waiter builder clerk editor
""")

HOBBIES: tuple[str, ...] = _words("""
chess tennis football soccer swimming running reading painting singing dancing cooking fishing hiking cycling skiing
gardening drawing knitting sailing climbing yoga golf hockey
""")

ADJECTIVES: tuple[str, ...] = _words("""
big small old new good bad happy sad fast slow hot cold long short high low red blue green black white brown young
little quiet loud soft hard dark bright clean dirty dry wet heavy light rich poor kind brave strong weak tall funny
""")

COMMON_WORDS: tuple[str, ...] = _words("""
able about above accept accident account ache acid across act action active actor actual add address admire admit
adopt adult advance advice affair afford afraid after again age agent agree ahead aim air alarm album alike alive
all allow almost alone along already also alter always amaze amount amuse ancient anchor anger angle animal ankle
annual answer anxiety any apart apology appeal appear apple apply area argue arm armor army around arrange arrest
arrive arrow art article ashamed ask asleep aspect assist attack attempt attend attic author autumn average avoid
awake award aware away baby back bacon bad badge bag bake balance balcony ball balloon bamboo banana band bandage bank
banner bar bargain bark barn barrel base basic basin basket bat bath battery battle beach bead bean bear beard beast
beat beauty because become bed bee beef before begin behave behind being belief bell belong below belt bench bend
benefit berry beside best better between beyond bicycle big bike bill bird birth biscuit bite bitter black blade
blame blank blanket blast blaze bleed bless blind blink block blood bloom blow blue board boat body boil bold bolt
bomb bone bonus book boost boot border bored born borrow boss both bother bottle bottom bounce bow bowl box boy brain
brake branch brass brave bread break breath breeze brick bride bridge brief bright bring broad broken bronze broom
brother brown brush bubble bucket buckle budget buffalo bug build bulb bullet bunch bundle burger burn burst bury bus
bush business busy butcher butter button buy buzz cabbage cabin cable cactus cafe cage cake calcium calm camel camera
camp can canal cancel candle candy cannon canoe canvas cap capable capital captain car carbon card care career
careful cargo carpet carrot carry cart carve case cash castle cat catch cattle cause cave ceiling celery cell cement
center central century cereal certain chain chair chalk champion chance change channel chapter charge charity charm
chart chase cheap check cheek cheer cheese chef cherry chest chew chicken chief child chimney chin chip choice choose
chorus church cinema circle circus citizen city civil claim clap class classic claw clay clean clear clerk clever
click cliff climate climb clinic clock close cloth cloud clown club clue coach coal coast coat cocoa coconut code
coffee coin cold collar collect college color column comb combine come comedy comfort comic common company compare
compass complete concert concrete connect consider contain content contest control cook cookie cool copper copy coral
corn corner correct cost cottage cotton couch cough council count country county couple courage course court cousin
cover cow crab crack cradle craft crane crash crate crawl crazy cream create credit creek crew cricket crime crisp
critic crop cross crowd crown cruel cruise crumb crush crust cry crystal cube cup curious current curtain curve
cushion custom cut cycle dad daily dairy daisy damage damp dance danger dare dark data date daughter dawn day dead
deaf deal dear death debate debt decade decay decide deck decline deep deer defeat defend degree delay deliver demand
dense dentist deny depart depend depth deputy desert design desk dessert detail detect develop device devil diamond
diary dice diet differ dig dinner direct dirt dirty disease dish disk dismiss display distance divide doctor dog doll
dollar dolphin donkey door dose dot double doubt dough dove down dozen draft dragon drain drama draw dream dress drift
drill drink drive drop drum dry duck due dull dump during dust duty eager eagle ear early earn earth ease east easy
eat echo edge edit editor educate effect effort egg eight either elbow elder electric elegant element elephant eleven
elite else embrace emerge emotion employ empty enable end enemy energy engine enjoy enough enter entire entry
envelope equal error escape essay estate even evening event ever every evil exact exam example excited excuse exist
exit expand expect expert explain export express extra eye fabric face fact factory fade fail faint fair fairy faith
fall false fame family famous fan fancy farm fashion fast fat fate father fault favor fear feast feather feed feel
fellow fence ferry festival fever few fiction field fierce fifteen fifty fight figure file fill film filter final find
fine finger finish fire firm first fish fist fit five fix flag flame flash flat flavor flesh flight float flock flood
floor flour flow flower fluid flute fly foam focus fog fold folk follow food fool foot football force forest forget
fork form fortune forty forward fossil found four fox frame free freedom freeze fresh friday friend frog from front
frost frozen fruit fuel full fun funny fur future gain galaxy gallery game gap garage garbage garden garlic gas gate
gather gaze gear general genius gentle ghost giant gift ginger giraffe girl give glad glass globe glory glove glow
glue goal goat gold golden golf good goose gorilla gossip govern gown grab grace grade grain grammar grand grape
graph grass gravity gray great green greet grey grief grill grin grip grocery ground group grow guard guess guest
guide guilty guitar gulf gum gun guy gym habit hair half hall hammer hand handle hang happen happy harbor hard harm
harvest hat hate have hawk hay head heal health heap hear heart heat heaven heavy hedge heel height hello helmet help
hen herb here hero hidden hide high hill hint hip hire history hit hobby hold hole holiday hollow holy home honest
honey honor hook hope horizon horn horror horse host hot hotel hour house hover huge human humble humor hundred hunger
hungry hunt hurry hurt husband ice icon idea ideal image imagine impact import improve inch include income index indoor
infant inform injury ink inner insect inside inspect insist install instead intend invent invest invite iron island
issue item ivory jacket jail jam january jar jaw jazz jealous jeans jelly jewel job join joke journal journey joy
judge juice july jump june jungle junior jury just justice keen keep kettle key kick kid kidney kind king kingdom kiss
kit kitchen kite kitten knee knife knight knit knock knot know label labor lace lack ladder lady lake lamb lamp land
lane language laptop large laser last late laugh launch laundry law lawn lawyer layer lazy lead leaf league leak lean
learn least leather leave lecture left leg legal legend lemon lend length lens leopard lesson letter lettuce level
liberty library license lid life lift light like lily limb limit line linen link lion lip liquid list listen little
live liver lizard load loaf loan lobster local lock lodge log logic lonely long look loose lord lose loss lot loud
lounge love lovely low loyal luck luggage lumber lunch lung luxury machine mad magic magnet maid mail main major make
male mammal man manage mango manner map maple marble march margin marine market marriage mask mass master match mate
math matter maximum maybe mayor meadow meal mean measure meat medal media medical medium meet melon melt member memory
mend mental menu mercy merge merit merry mess message metal meter method middle might mild mile milk mill million mind
mineral minor mint minute miracle mirror miss mistake mix mixture mobile model modern modest moment monday money
monitor monkey monster month mood moon moral more morning mosquito moss most mother motion motor mountain mouse mouth
move movie much mud muffin multiply muscle museum mushroom music must mutual mystery myth nail name napkin narrow nasty
nation native nature near neat neck need needle nephew nerve nest net network neutral never new news next nice niece
night nine noble nobody noise none noon normal north nose note notebook nothing notice novel november now nuclear number
nurse nut oak oasis obey object observe obtain ocean october odd offer office officer often oil old olive omelet once
one onion only onto open opera opinion oppose option orange orbit order organ origin other otter ounce outfit output
outside oval oven over owe owl own owner oxygen oyster pack package page pain paint pair palace pale palm pan pancake
panda panel panic paper parade parcel pardon parent park parrot part partner party pass past pasta paste path patient
pattern pause pay peace peach peak peanut pear pearl pencil penguin penny people pepper perfect perform perfume perhaps
period permit person pet phone photo phrase piano pick picnic picture pie piece pig pigeon pile pill pillow pilot pin
pine pink pioneer pipe pirate pitch pizza place plain plan planet plant plastic plate platform play pleasant please
plenty plot plug plum plus pocket poem poet point poison polar pole police policy polish polite pond pony pool poor
popcorn popular porch port portion position positive post pot potato pottery pound pour powder power praise pray
precious prefer prepare present press pretty prevent price pride priest prime prince print prison private prize problem
process produce profit program project promise proof proper protect proud prove public pudding pull pulse pump pumpkin
punch pupil puppet puppy pure purple purpose purse push puzzle pyramid quality quarter queen question quick quiet quilt
quit quite quiz rabbit race radar radio raft rage rail rain rainbow raise range rank rapid rare raspberry rather raw ray
reach react read ready real reason recall receive recipe record recover red reduce refer reflect reform refuse regard
region regret regular reject relate relax release relief rely remain remark remedy remind remote remove rent repair
repeat replace reply report request rescue research resist resort rest result retire return reveal review reward rhythm
ribbon rice rich ride right ring ripe rise risk rival river road roast rob robin robot rock rocket rode role roll roof
room root rope rose rough round route row royal rubber rude rug ruin rule ruler run rural rush rust sack sacred sad
saddle safe safety sail sailor salad salary sale salmon salt same sample sand sandwich satisfy saturday sauce sausage
save say scale scare scarf scene school science scissors score scout scrap scream screen screw script sea seal search
season seat second secret section secure see seed seek seem select self sell senate send senior sense sentence series
serious serve service session settle seven shade shadow shake shallow shame shape share shark sharp sheep sheet shelf
shell shelter shield shift shine ship shirt shock shoe shoot shop shore short should shoulder shout show shower shrimp
shrink shut shy sick side sight sign signal silence silent silk silly silver similar simple since sing single sink
sister site six size skate sketch ski skill skin skip skirt sky slave sleep sleeve slice slide slim slip slope slow
small smart smell smile smoke smooth snack snail snake snow soap soccer social society sock soda sofa soft soil soldier
solid solve some son song soon sorry sort soul sound soup sour south space spare spark speak special speech speed spell
spend spice spider spill spin spinach spirit spit split sponge spoon sport spot spray spread spring square squeeze
squirrel stable stadium staff stage stair stamp stand star start state station statue stay steady steak steal steam
steel steep stem step stick sticky still sting stir stock stomach stone stool stop store storm story stove strange
stranger straw strawberry stream street stress stretch strict strike string strip strong student study stuff stupid
style subject submit suburb subway succeed success such sudden suffer sugar suggest suit summer summit sun sunday sunny
sunset super supper supply support suppose sure surface surprise survey sushi swallow swamp swan swear sweat sweater
sweep sweet swim swing switch sword symbol syrup system table tablet tail tailor take talent talk tall tank tape target
task taste taxi tea teach team tear tease teeth tell temper temple ten tenant tender tennis tent term test text thank
theater theme theory thick thief thin thing think third thirsty thirteen thirty this thorn thought thousand thread
threat three throat throne through throw thumb thunder thursday ticket tide tidy tie tiger tight tile timber time tin
tiny tip tire tired tissue title toast tobacco today toe together toilet tomato tomorrow tone tongue tonight tool tooth
top topic torch tornado total touch tough tour toward towel tower town toy track trade traffic tragedy trail train
transfer trap trash travel tray treasure treat tree trend trial triangle tribe trick trip trouble truck true trumpet
trunk trust truth try tube tuesday tulip tuna tunnel turkey turn turtle twelve twenty twice twin twist two type typical
ugly umbrella uncle under uniform union unique unit unite universe unknown until upper upset urban urge useful usual
vacation vacuum valid valley valuable value van vanilla variety various vase vast vegetable vehicle velvet venture verb
version very vessel victim victory video view village vine violet violin virtue virus visible vision visit visitor
vitamin vivid vocal voice volcano volume vote voyage wage wagon waist wait waiter wake walk wall wallet walnut wander
want war warm warn wash wasp waste watch water wave wax way weak wealth weapon wear weather web wedding wednesday weed
week weekend weigh weight weird welcome well west wet whale what wheat wheel when where whip whisper whistle white whole
wide widow width wife wild will willow win wind window wine wing winner winter wire wisdom wise wish witch with witness
wizard wolf woman wonder wood wooden wool word work world worm worry worth wound wrap wreck wrist write wrong yard yarn
yawn year yellow yes yesterday yet yoga yogurt young youth zebra zero zone zoo
""")
"""Common English words of two to ten letters, for spelling, counting and reversing."""

_VOWELS = "aeiou"
_ONSETS = _words("b c d f g h j k l m n p r s t v w z bl br ch cl cr dr fl fr gl gr pl pr sh sk sl sn sp st th tr qu")
_CODAS = _words("b d g k l m n p r s t x ck ll lt mp nd nk ng nt ph rd rk rn ss st tt ff zz")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def pseudo_word(rng: random.Random, longest: int = 12) -> str:
    """A pronounceable string, mostly no word at all."""
    text = ""
    for _ in range(rng.choice((1, 2, 2, 3, 3))):
        text += rng.choice(_ONSETS) + rng.choice(_VOWELS)
        if rng.random() < 0.3:
            text += rng.choice(_VOWELS)
        if rng.random() < 0.35:
            text += rng.choice(_CODAS)
    return text[:longest] if len(text) >= 3 else text + rng.choice(_CODAS)


def random_letters(rng: random.Random, shortest: int = 3, longest: int = 8) -> str:
    """Letters without any order, sometimes drawn from few so that they repeat."""
    letters = rng.sample(_LETTERS, 3) if rng.random() < 0.3 else _LETTERS
    return "".join(rng.choice(letters) for _ in range(rng.randint(shortest, longest)))


def random_word(rng: random.Random) -> str:
    """A word to be worked on letter by letter: mostly a common one, now and then one that no list holds."""
    roll = rng.random()
    if roll < 0.66:
        return rng.choice(COMMON_WORDS)
    if roll < 0.86:
        return pseudo_word(rng)
    return random_letters(rng, longest=8 if rng.random() < 0.8 else 12)
