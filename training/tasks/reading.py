"""Looking a value up in a short document or table, and extracting fields as JSON; knows no arithmetic.

A lookup's trace quotes what is asked, copies the row that holds it and ends in the value. Where the value is asked about
and the key is wanted, the rows are walked from the top, each with its verdict.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from training.tasks import lexicon_scenes as lex
from training.tasks.base import Example, Task, Wording, user

Make = Callable[[random.Random], str]

_LONGEST = 480
"""Characters of a question and its trace together."""


def _pick(words: list[str]) -> Make:
    return lambda rng: rng.choice(words)


def _number(low: int, high: int) -> Make:
    return lambda rng: str(rng.randint(low, high))


def _price(rng: random.Random) -> str:
    return f"{rng.randint(1, 99)}.{rng.randint(0, 99):02d}" if rng.random() < 0.5 else str(rng.randint(1, 300))


def _thing(rng: random.Random) -> str:
    return rng.choice(lex.GOODS) if rng.random() < 0.5 else lex.one(rng.choice(lex.THINGS))


def _made_up(rng: random.Random) -> str:
    return lex.pseudo_word(rng, rng.randint(1, 3))


def _place(rng: random.Random) -> str:
    return lex.pseudo_word(rng, 2).capitalize() if rng.random() < 0.15 else rng.choice(lex.CITIES)


def _clock(rng: random.Random) -> str:
    return f"{rng.randint(1, 23)}:{rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50)):02d}"


def _full_name(rng: random.Random) -> str:
    return f"{rng.choice(lex.PEOPLE)} {rng.choice(lex.PET_NAMES)}"


def _room(rng: random.Random) -> str:
    return f"room {rng.randint(1, 60)}"


@dataclass(frozen=True, slots=True)
class Domain:
    """One kind of list: what its keys and values are, how sentences say them and how people ask, forwards and back."""

    heads: tuple[str, str]
    key: Make
    value: Make
    sentences: tuple[str, ...]
    ask: tuple[str, ...]
    ask_back: tuple[str, ...]
    title: tuple[str, ...]


DOMAINS: tuple[Domain, ...] = (
    Domain(
        ("name", "city"), lex.person, _place,
        ("{k} lives in {v}.", "{k} is from {v}.", "{k} comes from {v}.", "{k} moved to {v}.", "{k} works in {v}.", "{k} was born in {v}."),
        ("Where does {k} live?", "In which city does {k} live?", "Which city is {k} in?", "Where is {k} from?", "What is the city of {k}?", "Where can I find {k}?", "What city belongs to {k}?", "Where is {k}?", "{k} lives where?", "Which city goes with {k}?"),
        ("Who lives in {v}?", "Who is from {v}?", "Which person is in {v}?", "Who is in {v}?", "Whose city is {v}?", "Name the person from {v}.", "Which name goes with {v}?"),
        ("People:", "Where people live:", "Our friends:", "City list:"),
    ),
    Domain(
        ("name", "age"), lex.person, _number(3, 99),
        ("{k} is {v} years old.", "{k} is {v}.", "{k} turned {v}.", "The age of {k} is {v}."),
        ("How old is {k}?", "What is the age of {k}?", "What age is {k}?", "What is {k}'s age?", "Tell me how old {k} is.", "Give the age of {k}.", "Age of {k}?", "How many years old is {k}?"),
        ("Who is {v} years old?", "Who is {v}?", "Which person is {v}?", "Whose age is {v}?", "Name the person who is {v}."),
        ("Ages:", "People and ages:", "Our class:", "The team:"),
    ),
    Domain(
        ("item", "price"), _thing, _price,
        ("A {k} costs {v}.", "The {k} costs {v}.", "The {k} is {v}.", "The price of the {k} is {v}.", "For a {k} you pay {v}."),
        ("How much is the {k}?", "What does the {k} cost?", "What is the price of the {k}?", "How much does a {k} cost?", "Price of the {k}?", "What do I pay for the {k}?", "How expensive is the {k}?", "Tell me the price of the {k}.", "How much for a {k}?"),
        ("Which item costs {v}?", "What costs {v}?", "What can I buy for {v}?", "Which item is {v}?", "What has the price {v}?"),
        ("Prices:", "Menu:", "Price list:", "Shop:"),
    ),
    Domain(
        ("item", "stock"), _thing, _number(0, 400),
        ("We have {v} of the {k}.", "Of the {k} there are {v}.", "The {k} stock is {v}.", "In the {k} box are {v}."),
        ("How many of the {k} are there?", "What is the stock of the {k}?", "How many of the {k} do we have?", "What is the count for {k}?", "How many are left of the {k}?", "Stock of {k}?", "Give the number for {k}."),
        ("Which item has {v} in stock?", "Which item has {v}?", "What do we have {v} of?", "Which item has the number {v}?"),
        ("Stock:", "In the store:", "Items:", "Count:"),
    ),
    Domain(
        ("name", "job"), lex.person, _pick(lex.JOBS),
        ("{k} is a {v}.", "{k} works as a {v}.", "{k} became a {v}.", "The job of {k} is {v}."),
        ("What is the job of {k}?", "What does {k} do?", "What is {k}'s job?", "Which job does {k} have?", "What does {k} work as?", "Tell me the job of {k}.", "What is {k}?", "Job of {k}?"),
        ("Who is the {v}?", "Who works as a {v}?", "Which person is a {v}?", "Who has the job {v}?", "Name the {v}."),
        ("Jobs:", "Our staff:", "Team:", "People:"),
    ),
    Domain(
        ("name", "pet"), lex.person, _pick(lex.PETS),
        ("{k} has a {v}.", "{k} owns a {v}.", "{k} loves the {v}.", "The pet of {k} is a {v}."),
        ("What pet does {k} have?", "Which pet does {k} have?", "What animal does {k} own?", "Which animal belongs to {k}?", "What is {k}'s pet?", "Tell me the pet of {k}.", "Pet of {k}?"),
        ("Who has a {v}?", "Who owns a {v}?", "Who has the {v}?", "Whose pet is the {v}?"),
        ("Pets:", "Our pets:", "Animals:"),
    ),
    Domain(
        ("name", "color"), lex.person, _pick(lex.COLORS),
        ("{k} likes {v}.", "{k} wears {v}.", "The color of {k} is {v}.", "{k} chose {v}."),
        ("What color does {k} like?", "Which color does {k} have?", "What is the color of {k}?", "Which color goes with {k}?", "What is {k}'s color?", "Tell me the color of {k}.", "Color of {k}?"),
        ("Who likes {v}?", "Who has {v}?", "Which person has the color {v}?", "Who goes with {v}?"),
        ("Colors:", "Favorite colors:", "Teams:"),
    ),
    Domain(
        ("name", "room"), _full_name, _number(1, 399),
        ("{k} is in room {v}.", "{k} sits in room {v}.", "{k} works in room {v}.", "Room {v} belongs to {k}."),
        ("Which room is {k} in?", "In which room is {k}?", "What is the room of {k}?", "Where does {k} sit? Give the room.", "What room does {k} have?", "Room number of {k}?", "Tell me the room of {k}."),
        ("Who is in room {v}?", "Who has room {v}?", "Who works in room {v}?", "Whose room is {v}?"),
        ("Rooms:", "Office list:", "Guests:"),
    ),
    Domain(
        ("country", "capital"), _pick(lex.COUNTRIES), _made_up,
        ("The code of {k} is {v}.", "{k} has the code {v}.", "For {k} we use {v}.", "{k} is called {v}."),
        ("What is the code of {k}?", "Which code does {k} have?", "What is {k} called?", "What do we use for {k}?", "Give the code for {k}.", "Which word goes with {k}?"),
        ("Which country has {v}?", "Which country goes with {v}?", "What country is called {v}?", "For which country do we use {v}?"),
        ("Codes:", "Countries:", "Code words:"),
    ),
    Domain(
        ("event", "day"), _pick(lex.EVENTS), _pick(list(lex.DAYS)),
        ("The {k} is on {v}.", "The {k} takes place on {v}.", "We have the {k} on {v}.", "On {v} is the {k}."),
        ("When is the {k}?", "On which day is the {k}?", "What day is the {k}?", "Which day is the {k} on?", "Tell me the day of the {k}.", "Day of the {k}?", "Tell me the day of the {k} please.", "{k}: which day?", "When do we have the {k}?", "On what day is the {k} held?", "Which weekday is the {k}?", "Name the day of the {k}.", "Which day has the {k}?", "Do you know when the {k} is?", "Say when the {k} is.", "When will the {k} be?", "For which day is the {k} planned?"),
        ("What is on {v}?", "Which event is on {v}?", "What takes place on {v}?", "What do we have on {v}?"),
        ("This week:", "Plan:", "Events:", "Calendar:"),
    ),
    Domain(
        ("event", "time"), _pick(lex.EVENTS), _clock,
        ("The {k} starts at {v}.", "The {k} begins at {v}.", "At {v} we have the {k}.", "The {k} is at {v}."),
        ("When does the {k} start?", "At what time is the {k}?", "What time does the {k} begin?", "When is the {k}?", "Time of the {k}?", "{k}: what time?", "What is the start of the {k}?", "When do we meet for the {k}?", "What time is the {k}?", "Which time is set for the {k}?", "Name the time of the {k}.", "When must I be at the {k}?", "Do you know when the {k} starts?", "Say when the {k} begins.", "The {k} is at what time?", "How late does the {k} begin?", "Tell me the time of the {k}."),
        ("What starts at {v}?", "What is at {v}?", "Which event begins at {v}?", "What do we have at {v}?"),
        ("Today:", "Plan:", "Times:", "Schedule:"),
    ),
    Domain(
        ("code", "value"), lex.code, _number(1, 9999),
        ("The number for {k} is {v}.", "{k} has the value {v}.", "{k} stands for {v}.", "The value of {k} is {v}."),
        ("What is the value of {k}?", "Which number belongs to {k}?", "What does {k} stand for?", "What is the number for {k}?", "Look up {k}.", "Find {k}.", "Value of {k}?"),
        ("Which code has the value {v}?", "Which code stands for {v}?", "Which code has {v}?", "What is the code for {v}?"),
        ("Codes:", "Values:", "Data:"),
    ),
    Domain(
        ("word", "code"), _made_up, lex.code,
        ("The code of {k} is {v}.", "{k} has the code {v}.", "{k} means {v}.", "For {k} write {v}."),
        ("What is the code of {k}?", "Which code does {k} have?", "What does {k} mean?", "What do I write for {k}?", "Look up {k}.", "Find the code for {k}.", "Tell me the code of {k}.", "Code for {k}?", "{k} means what?", "Which code is it for {k}?", "What stands next to {k}?", "How is {k} written?"),
        ("Which word has the code {v}?", "Which word means {v}?", "What is the word for {v}?", "Which word has {v}?"),
        ("Code words:", "Secret list:", "Dictionary:"),
    ),
    Domain(
        ("team", "score"), _place, _number(0, 150),
        ("{k} scored {v} points.", "{k} has {v} points.", "{k} got {v}.", "The score of {k} is {v}."),
        ("How many points does {k} have?", "What is the score of {k}?", "How many points did {k} score?", "What did {k} score?", "Score of {k}?", "Tell me the score of {k}."),
        ("Which team has {v} points?", "Who scored {v} points?", "Which team scored {v}?", "Which team has the score {v}?"),
        ("Scores:", "Results:", "Points:", "Table:"),
    ),
    Domain(
        ("name", "phone"), lex.person, _number(1000, 99999),
        ("The number of {k} is {v}.", "{k} has the number {v}.", "Call {k} at {v}.", "{k}'s phone is {v}."),
        ("What is the phone number of {k}?", "What is the number of {k}?", "Which number does {k} have?", "How can I call {k}?", "Phone of {k}?", "What is {k}'s number?", "Give me the number of {k}.", "What number do I call for {k}?", "{k}'s number?", "Read me the number of {k}.", "Under which number is {k}?", "Give {k}'s phone number."),
        ("Who has the number {v}?", "Whose number is {v}?", "Whose phone is {v}?", "Who do I reach at {v}?"),
        ("Phone book:", "Phone list:", "Contacts:", "Numbers:"),
    ),
    Domain(
        ("city", "temperature"), _place, _number(0, 39),
        ("It is {v} degrees in {k}.", "{k} has {v} degrees.", "In {k} it is {v} degrees.", "The temperature in {k} is {v}."),
        ("How warm is it in {k}?", "What is the temperature in {k}?", "How many degrees is it in {k}?", "How hot is {k}?", "Temperature in {k}?", "How many degrees does {k} have?"),
        ("Which city has {v} degrees?", "Where is it {v} degrees?", "In which city is it {v}?", "Where does it have {v} degrees?"),
        ("Weather:", "Temperatures:", "Weather today:"),
    ),
    Domain(
        ("name", "food"), lex.person, _pick(lex.FOODS),
        ("{k} eats {v}.", "{k} likes {v}.", "{k} ordered {v}.", "{k} brings {v}."),
        ("What does {k} eat?", "What did {k} order?", "What does {k} like?", "Which food does {k} have?", "What does {k} bring?", "Food of {k}?"),
        ("Who eats {v}?", "Who ordered {v}?", "Who likes {v}?", "Who brings {v}?"),
        ("Orders:", "Food list:", "Lunch:"),
    ),
    Domain(
        ("book", "author"), lambda rng: f"The {rng.choice(lex.BOOK_WORDS).capitalize()} {rng.choice(lex.BOOK_WORDS).capitalize()}", lex.person,
        ("{k} is by {v}.", "{k} was written by {v}.", "The author of {k} is {v}."),
        ("Who wrote {k}?", "Who is the author of {k}?", "Which author wrote {k}?", "{k} is by whom?", "Author of {k}?", "By whom is {k}?"),
        ("What did {v} write?", "Which book is by {v}?", "Which book did {v} write?", "What is the book by {v}?"),
        ("Books:", "Library:", "Reading list:"),
    ),
    Domain(
        ("order", "state"), lambda rng: str(rng.randint(100, 99999)), _pick(lex.STATES),
        ("Order {k} is {v}.", "The state of order {k} is {v}.", "Order {k} was {v}."),
        ("What is the state of order {k}?", "How is order {k}?", "What about order {k}?", "Is order {k} done? Give its state.", "State of order {k}?", "Tell me the state of {k}."),
        ("Which order is {v}?", "What order is {v}?", "Give the order that is {v}.", "Which order has the state {v}?"),
        ("Orders:", "State of orders:", "Order list:"),
    ),
)  # fmt: skip

GENERIC_ASK = (
    "What is the {h} of {k}?", "Which {h} belongs to {k}?", "What does the list say for {k}?", "Look up {k}.", "Find the {h} of {k}.", "What is listed for {k}?", "Give me the {h} for {k}.", "What {h} does {k} have?",
    "Tell me the {h} of {k}.", "{k}?", "Read the {h} of {k}.", "What is written next to {k}?", "Get the {h} for {k}.", "I need the {h} of {k}.", "Can you find the {h} of {k}?", "What value does {k} have?", "Return the {h} of {k}.",
    "According to the list, what is the {h} of {k}?", "From the list above, give the {h} of {k}.", "Search for {k}. What is the {h}?", "Please look up the {h} of {k}.", "Which {h} is given for {k}?", "Say the {h} of {k}.", "What's {k}'s {h}?",
)  # fmt: skip
GENERIC_BACK = (
    "Which {g} has the {h} {v}?", "Which {g} belongs to {v}?", "Find the {g} with the {h} {v}.", "What is the {g} for {v}?", "Who or what has {v}?", "Which {g} is listed with {v}?", "Give me the {g} that has {v}.", "Look up which {g} has {v}.",
    "Tell me the {g} with {v}.", "Which {g} stands next to {v}?", "What {g} has {v}?",
)  # fmt: skip
FRAMES = (
    "{d}\n{q}", "{d}\n\n{q}", "{d}\n\n{q}", "{d}\n{q}", "{q}\n{d}", "{q}\n\n{d}", "Read this:\n{d}\n{q}", "Here is a list:\n{d}\n\n{q}", "Use the list to answer.\n{d}\n{q}", "List:\n{d}\nQuestion: {q}", "Given this data:\n{d}\n{q}",
    "Text:\n{d}\n\nQuestion: {q}", "Look at this table:\n{d}\n{q}", "{q} Here is the data:\n{d}", "Data:\n{d}\n\n{q} Answer with the value only.", "{d}\n{q} Answer briefly.", "Question: {q}\nText: {d}", "Document:\n{d}\n\nAnswer this: {q}",
    "I have this list:\n{d}\n{q}", "Answer from the text.\n{d}\n{q}", "This is what I know:\n{d}\nNow tell me: {q}", "Context:\n{d}\n\n{q}", "Based on this, {q}\n{d}",
)  # fmt: skip
PAIR_FORMS = (
    "{k}: {v}", "{k}: {v}", "{k} - {v}", "{k} = {v}", "- {k}: {v}", "{k}, {v}", "{k} -> {v}", "* {k}: {v}", "{k} | {v}", "{k}\t{v}", "{k} ({v})", "{k}={v}", "| {k} | {v} |", "{k}; {v}", "- {k} ({v})", "{k} has {v}",
)  # fmt: skip


def _rows(rng: random.Random, domain: Domain, count: int) -> list[tuple[str, str]]:
    """Rows with keys and, mostly, values that are all different."""
    keys = lex.distinct(rng, domain.key, count)
    values: list[str] = []
    for _ in keys:
        value = domain.value(rng)
        for _ in range(8):
            if value not in values:
                break
            value = domain.value(rng)
        values.append(value)
    return list(zip(keys, values, strict=True))


def _walk(rows: list[tuple[str, str]], wanted: str) -> list[str]:
    lines = [f"find: {wanted}"]
    for k, v in rows:
        lines.append(f"{k} {v} {'yes' if v == wanted else 'no'}")
        if v == wanted:
            lines.append(k)
            break
    return lines


def _lookup_pairs(rng: random.Random, wording: Wording) -> Example:
    domain = rng.choice(DOMAINS)
    rows = _rows(rng, domain, rng.choices(range(3, 9), (22, 22, 20, 16, 11, 9))[0])
    values = [v for _, v in rows]
    inline = False
    if rng.random() < 0.4:
        form = wording.pick(domain.sentences)
        texts = [lex.articled(form.format(k=k, v=v)) for k, v in rows]
        if rng.random() < 0.3:
            texts = [lex.articled(wording.pick(domain.sentences).format(k=k, v=v)) for k, v in rows]
        inline = rng.random() < 0.75
        document = (" " if inline else "\n").join(texts)
    else:
        form = wording.pick(PAIR_FORMS)
        texts = [form.format(k=k, v=v) for k, v in rows]
        head = form.format(k=domain.heads[0], v=domain.heads[1])
        if form.startswith("|"):
            texts_shown = [head, "| --- | --- |", *texts]
        elif form in ("{k}, {v}", "{k} | {v}", "{k}\t{v}", "{k}; {v}") and rng.random() < 0.6:
            texts_shown = [head, *texts]
        elif rng.random() < 0.3:
            texts_shown = [wording.pick(domain.title), *texts]
        else:
            texts_shown = texts
        inline = form in ("{k}: {v}", "{k} = {v}", "{k} ({v})", "{k} has {v}") and rng.random() < 0.3
        document = ", ".join(texts) if inline else "\n".join(texts_shown)
    index = rng.randrange(len(rows))
    key, value = rows[index]
    if rng.random() < 0.25 and values.count(value) == 1:
        templates = domain.ask_back if rng.random() < 0.6 else GENERIC_BACK
        question = wording.pick(templates).format(v=value, g=domain.heads[0], h=domain.heads[1])
        lines, answer = _walk(rows, value), key
    else:
        templates = domain.ask if rng.random() < 0.6 else GENERIC_ASK
        question = wording.pick(templates).format(k=key, h=domain.heads[1])
        lines, answer = [f"find: {key}", texts[index].strip(), value], value
    text = wording.pick(FRAMES).format(d=document, q=question)
    return Example(user(text), "\n".join(lines), answer, f"{rows} {key} {answer == key}", fixed_wording=True)


TABLES: tuple[tuple[tuple[str, Make], ...], ...] = (
    (("name", lex.person), ("age", _number(3, 99)), ("city", _place), ("job", _pick(lex.JOBS)), ("color", _pick(lex.COLORS))),
    (("item", _thing), ("price", _price), ("stock", _number(0, 300)), ("color", _pick(lex.COLORS)), ("code", lex.code)),
    (("event", _pick(lex.EVENTS)), ("day", _pick(list(lex.DAYS))), ("time", _clock), ("place", _pick(lex.PLACES))),
    (("order", _number(100, 9999)), ("name", lex.person), ("item", _thing), ("state", _pick(lex.STATES)), ("amount", _number(1, 99))),
    (("city", _place), ("country", _pick(lex.COUNTRIES)), ("temperature", _number(0, 39)), ("code", lex.code)),
    (("pet", _pick(lex.PET_NAMES)), ("animal", _pick(lex.PETS)), ("age", _number(1, 20)), ("owner", lex.person)),
    (("id", _number(1, 999)), ("name", lex.person), ("score", _number(0, 100)), ("team", _pick(lex.COLORS))),
)  # fmt: skip
TABLE_ASK = (
    "What is the {h} of {k}?", "Which {h} does {k} have?", "Give the {h} for {k}.", "Find the {h} of {k}.", "{h} of {k}?", "What is the {h} in the row of {k}?", "Look up the {h} of {k}.", "Tell me the {h} of {k}.", "I need the {h} for {k}.",
    "What {h} is listed for {k}?", "Read the {h} of {k} from the table.", "In the table, what is the {h} of {k}?", "For {k}, what is the {h}?", "What does the table say about the {h} of {k}?", "Get the {h} of {k}.", "Which {h} belongs to {k}?",
    "Can you find the {h} of {k}?", "What value is in the {h} column for {k}?", "Row {k}, column {h}: what is it?", "Show me the {h} of {k}.", "Please give me the {h} of {k}.", "What is {k}'s {h}?",
)  # fmt: skip


def _lookup_table(rng: random.Random, wording: Wording) -> Example:
    """A table of three or four columns: the row is copied, then read off column by column."""
    table = rng.choice(TABLES)
    columns = [table[0], *rng.sample(table[1:], rng.randint(2, min(3, len(table) - 1)))]
    heads = [head for head, _ in columns]
    count = rng.randint(3, 6)
    keys = lex.distinct(rng, columns[0][1], count)
    rows = [[key, *(make(rng) for _, make in columns[1:])] for key in keys]
    left, between, right = rng.choice(
        (("| ", " | ", " |"), ("", ",", ""), ("", ", ", ""), ("", " | ", ""), ("", ";", ""))
    )
    lines = [left + between.join(row) + right for row in [heads, *rows]]
    if left:
        lines.insert(1, "|" + " --- |" * len(heads))
    row = rng.choice(rows)
    column = rng.randrange(1, len(heads))
    question = wording.pick(TABLE_ASK).format(k=row[0], h=heads[column])
    text = wording.pick(FRAMES).format(d="\n".join(lines), q=question)
    trace = [f"find: {heads[column]} of {row[0]}", left + between.join(row) + right]
    trace += [f"{head}: {cell}" for head, cell in list(zip(heads, row, strict=True))[: column + 1]]
    return Example(user(text), "\n".join(trace), row[column], f"{rows} {row[0]} {heads[column]}", fixed_wording=True)


def lookup(rng: random.Random, wording: Wording) -> Example:
    """One value from a list, a table or a few sentences."""
    while True:
        example = _lookup_table(rng, wording) if rng.random() < 0.25 else _lookup_pairs(rng, wording)
        if len(example.messages[0]["content"]) + len(example.trace) <= _LONGEST:
            return example


# Extraction -----------------------------------------------------------------------------------------------------------

_MAKE: dict[str, Make] = {
    "name": lex.person, "age": _number(3, 99), "city": _place, "job": _pick(lex.JOBS), "color": _pick(lex.COLORS), "pet": _pick(lex.PETS),
    "country": _pick(lex.COUNTRIES), "item": lambda rng: lex.one(rng.choice(lex.THINGS)), "price": _number(1, 300), "count": _number(2, 99),
    "event": _pick(lex.EVENTS), "day": _pick(list(lex.DAYS)), "place": _pick(lex.PLACES), "time": _clock, "from": _place, "to": _place,
    "hobby": _pick(lex.HOBBIES), "order": _number(100, 9999), "state": _pick(lex.STATES), "code": lex.code, "food": _pick(lex.FOODS),
    "month": _pick(list(lex.MONTHS)), "phone": _number(1000, 99999), "animal": _pick(lex.PETS), "owner": lex.person, "sport": _pick(lex.SPORTS),
    "room": _number(1, 399), "items": _pick(lex.THINGS), "friend": lex.person,
}  # fmt: skip
_NUMERIC = frozenset(("age", "price", "count", "order", "phone", "room"))

EXTRACT_TEXTS = (
    "{name} is {age} years old and lives in {city}.", "{name} lives in {city} and is {age} years old.", "{name}, {age}, lives in {city}.", "My name is {name}. I am {age} and I live in {city}.", "This is {name} from {city}, {age} years old.",
    "{name} from {city} is {age}.", "Her name is {name}, she is {age} and comes from {city}.", "{name} is a {job} from {city}.", "{name} works as a {job} in {city}.", "In {city} there is a {job} called {name}.", "{name} is a {job} and is {age} years old.",
    "The {job} {name} is {age}.", "{name} has a {pet} and likes {color}.", "{name} owns a {color} {pet}.", "I met {name}, a {job} of {age} from {city}.", "{name} moved from {from} to {to}.", "{name} travels from {from} to {to} on {day}.",
    "The train from {from} to {to} leaves at {time}.", "On {day}, {name} flies from {from} to {to}.", "A bus goes from {from} to {to} on {day}.", "The {event} is on {day} in the {place}.", "On {day} we have a {event} in the {place}.",
    "The {event} starts at {time} in the {place}.", "Come to the {event} on {day} at {time}.", "There is a {event} in the {place} on {day} at {time}.", "{name} bought {count} {items} for {price} dollars.", "{name} ordered {count} {items} on {day}.",
    "{name} paid {price} dollars for {count} {items}.", "{count} {items} cost {price} dollars.", "The {item} is {color} and costs {price} dollars.", "A {color} {item} costs {price} dollars.", "The {item} costs {price} dollars and has the code {code}.",
    "Order {order} from {name} is {state}.", "Order {order}: {count} {items} for {name}.", "{name} asked about order {order}. It is {state}.", "Order {order} of {name} costs {price} dollars.", "{name} likes {food} and {hobby}.",
    "{name} eats {food} on {day}.", "{name} plays {sport} in {city}.", "{name} plays {sport} on {day} with {friend}.", "Call {name} at {phone}.", "{name} is in room {room}, phone {phone}.", "You can reach {name} in room {room}.", "The phone number of {name} is {phone}.",
    "{name} was born in {month} in {city}.", "In {month} {name} goes to {country}.", "{name} from {country} likes {food}.", "{name} is a {age} year old {animal} of {owner}.", "The {animal} {name} belongs to {owner}.", "{owner} has a {color} {animal} called {name}.",
    "My friend {name} is a {job} in {country}.", "{name} went to {city} in {month} with {friend}.", "We meet {name} on {day} at {time}.", "{name} sold {count} {items} in {city}.", "Dear {name}, your order {order} is {state}.", "{name} and {friend} live in {city}.",
    "Hello, I am {name}, a {job}. My phone is {phone}.", "The {event} on {day} costs {price} dollars.", "In {month} the {item} will cost {price} dollars.", "{name} lost a {color} {item} in the {place}.", "{name} has {count} {items} and {friend} has none.",
    "{name} comes from {country}, lives in {city} and works as a {job}.", "Name: {name}. Age: {age}. City: {city}.", "name {name}, job {job}, room {room}", "{name} ({age}) is a {job} who likes {sport}.", "{friend} told me that {name} is {age}.",
)  # fmt: skip
EXTRACT_ASK = (
    "Extract {f} as JSON.", "Extract the {f} as JSON.", "Give the {f} as JSON.", "Return JSON with {f}.", "Return a JSON object with {f}.", "Write {f} as a JSON object.", "Get {f} from the text as JSON.", "Find {f} and answer in JSON.",
    "JSON with {f}, please.", "Make a JSON object with the fields {f}.", "Output JSON with the keys {f}.", "Extract the fields {f} in JSON format.", "Turn this into JSON with {f}.", "Convert the text to JSON with {f}.", "Please extract {f} as JSON.",
    "Put {f} into JSON.", "Extract to JSON: {f}.", "Read the text and give {f} as JSON.", "What are {f}? Answer in JSON.", "As JSON: {f}", "Can you extract {f} as JSON?", "Pull out {f} as a JSON object.", "I need {f} in JSON.", "Reply with a JSON object that has {f}.",
    "Fields: {f}. Format: JSON.", "Give me JSON with the keys {f} only.", "From this text, extract {f}. Use JSON.", "Parse the text. Keys: {f}.", "Create JSON with {f} from the text.", "Show {f} as JSON.",
)  # fmt: skip
EXTRACT_FRAMES = (
    "{q}\n{t}", "{t}\n{q}", "{q} Text: {t}", "{q}\n\n{t}", "{t}\n\n{q}", "Text: {t}\n{q}", "{q} {t}", "{t} {q}", "{q}\nText: {t}", "Here is a text: {t}\n{q}", "{q}\nSentence: {t}", "Read this: {t} {q}", "{q}\n---\n{t}", '{q}\n"{t}"', "Input: {t}\n{q}",
)  # fmt: skip


def _listed(rng: random.Random, fields: list[str]) -> str:
    """The fields as people write them: plain, quoted or as an empty object."""
    style = rng.random()
    if style < 0.12:
        return json.dumps(dict.fromkeys(fields, "..."))
    if style < 0.32:
        fields = [f'"{field}"' for field in fields]
    if len(fields) == 1:
        return fields[0]
    if rng.random() < 0.35:
        return ", ".join(fields)
    return ", ".join(fields[:-1]) + " and " + fields[-1]


def extract(rng: random.Random, wording: Wording) -> Example:
    """Fields of a sentence or two as a JSON object with the asked keys in the asked order."""
    text = wording.pick(EXTRACT_TEXTS)
    slots = [name for name in _MAKE if "{" + name + "}" in text]
    values = {name: _MAKE[name](rng) for name in slots}
    filled = lex.articled(text.format(**values))
    if rng.random() < 0.2:
        # A second sentence that holds nothing that is asked for.
        other = wording.pick(
            (
                "It was a long day.",
                "The weather is good.",
                "This is all I know.",
                "Please write it down.",
                "That was new to me.",
                "We are happy about it.",
                "It rained a lot.",
                "I read it today.",
                "More will follow.",
                "The rest is not clear.",
            )
        )
        filled = f"{filled} {other}" if rng.random() < 0.6 else f"{other} {filled}"
    fields = rng.sample(slots, len(slots) if len(slots) <= 2 or rng.random() < 0.6 else len(slots) - 1)
    if rng.random() < 0.4:
        fields.sort(key=lambda field: text.index("{" + field + "}"))
    if len(fields) > 1 and rng.random() < 0.06:
        fields = fields[:1]
    question = wording.pick(EXTRACT_ASK).format(f=_listed(rng, fields))
    prompt = wording.pick(EXTRACT_FRAMES).format(q=question, t=filled)
    result: dict[str, str | int] = {f: int(values[f]) if f in _NUMERIC else values[f] for f in fields}
    answer = json.dumps(result)

    def same(reply: str) -> bool:
        try:
            return json.loads(reply) == result
        except ValueError:
            return False

    trace = "\n".join(f"{f}: {values[f]}" for f in fields)
    return Example(user(prompt), trace, answer, f"{sorted(values.items())} {fields}", fixed_wording=True, check=same)


TASKS = [
    Task("lookup", lookup, weight=1.8, off_share=0.4, multi_step=False),
    Task("extract", extract, weight=1.2, off_share=0.35, multi_step=False),
]
