"""The people, things, places and small facts that the scenes are filled with. Knows no task and no wording.

Lists stay short on purpose: frequent words become single tokens, and a small model learns them sooner.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable


def words(text: str, separator: str | None = None) -> list[str]:
    """The pieces of a text, for lists that read better unquoted."""
    return text.split(separator)


GIRLS = words(
    "Anna Emma Lisa Mia Sara Laura Eva Julia Nora Ella Lily Ruth Kate Jane Amy Zoe Ada Ida Rosa Clara Maria Helen Alice Grace Lena"
    " Olivia Sophie Nina Vera Tina Priya Aisha Mei Yuki Fatima"
)
BOYS = words(
    "Tom Ben Max Paul Sam Jack Leo Noah Adam Mark Peter John David Alex Tim Jim Dan Oscar Felix Hugo Ivan Omar Ali Raj Luis Carlos"
    " Mike Nick George Henry Bob Liam Lucas Kenji Jonas"
)
PEOPLE = GIRLS + BOYS

THINGS = words(
    "apples pears plums lemons oranges bananas peaches cherries grapes eggs cakes cookies sweets candies muffins buns rolls nuts"
    " books pens pencils cards stamps coins stickers marbles balls toys dolls cars blocks beads shells stones buttons"
    " cups plates spoons forks bowls glasses bottles cans bags hats shirts socks shoes scarves chairs tables lamps candles"
    " flowers roses trees seeds plants leaves tickets photos letters boxes keys rings ribbons balloons puzzles magazines postcards"
    " erasers crayons notebooks rulers brushes bricks nails screws hammers tiles pipes mangoes melons tomatoes potatoes carrots"
    " onions peppers beans donuts pies biscuits chocolates lollipops sandwiches pizzas badges bracelets paintings drawings posters"
)
"""Countable things that a person can have, buy, lose and share, in the plural."""

SINGULAR = {
    "cherries": "cherry", "candies": "candy", "leaves": "leaf", "boxes": "box", "brushes": "brush", "glasses": "glass",
    "scarves": "scarf", "peaches": "peach", "mangoes": "mango", "tomatoes": "tomato", "potatoes": "potato",
    "sandwiches": "sandwich", "cookies": "cookie", "pies": "pie",
}  # fmt: skip


def one(plural: str) -> str:
    """The singular of a thing."""
    return SINGULAR.get(plural, plural[:-1])


ANIMALS = words(
    "cows sheep pigs hens ducks geese goats horses rabbits dogs cats birds fish frogs bees ants mice parrots turtles chickens"
)
CONTAINERS = {
    "box": "boxes", "bag": "bags", "basket": "baskets", "packet": "packets", "jar": "jars", "crate": "crates", "tray": "trays",
    "pack": "packs", "bucket": "buckets", "shelf": "shelves", "drawer": "drawers", "carton": "cartons", "tin": "tins",
    "case": "cases", "pile": "piles", "row": "rows",
}  # fmt: skip
SHOPS = words("shop bakery market farm school library store museum cafe hotel zoo garden kitchen office garage factory")
GOODS = words(
    "pen book ball cake hat cup shirt lamp chair toy bag ticket plate pizza sandwich coffee tea juice soup salad burger puzzle"
    " notebook scarf ring belt game candle bottle flower"
)
COLORS = words("red blue green yellow white black pink orange brown purple grey")

CITIES = words(
    "Paris Rome Oslo Berlin London Madrid Lisbon Vienna Prague Athens Dublin Cairo Tokyo Delhi Lima Boston Chicago Sydney Toronto"
    " Moscow Kyiv Warsaw Milan Zurich Geneva Munich Hamburg Seoul Beijing Mumbai Dubai Nairobi Lagos Havana Denver Seattle Miami"
    " Dallas Austin Bern Riga Sofia Turin Porto Lyon Nice Leeds York Bath Hanoi Manila Accra Quito Bogota Tunis"
)
COUNTRIES = words(
    "France Italy Spain Norway Sweden Germany Poland Japan China India Brazil Peru Chile Egypt Kenya Canada Mexico Greece Turkey"
    " Austria Ireland Iceland Finland Denmark Portugal Cuba Nepal Ghana Qatar Oman"
)
JOBS = words(
    "teacher doctor nurse baker farmer driver pilot painter writer singer cook lawyer engineer dentist gardener waiter tailor"
    " plumber judge actor dancer clerk guard sailor miner"
)
PETS = words("cat dog fish bird horse rabbit hamster parrot turtle mouse snake goat duck hen pony")
PET_NAMES = words(
    "Rex Bella Max Luna Milo Coco Buddy Lucky Daisy Rocky Simba Nala Tiger Snow Ginger Teddy Fluffy Spot Rusty Pip"
)
FOODS = words(
    "pizza pasta rice soup bread cheese salad cake fish chicken noodles curry sushi tacos eggs apples grapes ice honey beans"
)
DRINKS = words("tea coffee water milk juice lemonade cola cocoa")
SPORTS = words(
    "football tennis golf chess swimming running skiing boxing hockey rugby cricket rowing judo sailing cycling"
)
HOBBIES = words("reading painting dancing cooking singing fishing hiking drawing gardening knitting climbing skating")
SUBJECTS = words("math history music art biology physics chemistry english geography sport")
INSTRUMENTS = words("piano guitar violin drums flute trumpet cello harp")
DEPARTMENTS = words("sales support design finance legal security marketing research testing planning")
EVENTS = words("meeting party concert lesson picnic match dinner lunch workshop race wedding show exam fair parade")
PLACES = words("park school library office kitchen garden hall museum station beach lab gym studio tower market cafe")
STATES = words("open closed ready broken full empty new old lost sold active paused late done")
BOOK_WORDS = words(
    "night river moon garden road house island winter summer forest king queen storm secret stone star fire ghost"
)

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

NUMBER_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

_CONSONANTS = "bcdfghjklmnprstvwz"
_VOWELS = "aeiou"


def articled(text: str) -> str:
    """`a` before a vowel becomes `an`."""
    return re.sub(r"\b([Aa]) (?=[aeiou])(?!user|euro|one\b)", r"\1n ", text)


def pseudo_word(rng: random.Random, syllables: int = 2) -> str:
    """A pronounceable word that means nothing, so that copying is learnt rather than a list of words."""
    return "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(syllables)) + rng.choice(
        ("", "n", "r", "s", "l")
    )


def person(rng: random.Random) -> str:
    """A first name; now and then one that nobody has."""
    return pseudo_word(rng).capitalize() if rng.random() < 0.1 else rng.choice(PEOPLE)


def code(rng: random.Random) -> str:
    """A short identifier such as B42 or KX-719."""
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(rng.randint(1, 2)))
    return letters + rng.choice(("", "", "-")) + str(rng.randint(1, 999))


def distinct(rng: random.Random, make: Callable[[random.Random], str], count: int) -> list[str]:
    """`count` different draws."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[make(rng)] = None
    return list(found)
