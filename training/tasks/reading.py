"""Looking a value up in a short document or table, and extracting fields as JSON; knows no arithmetic.

A lookup's trace quotes what is asked, copies the row that holds it and ends in the value. Where the value is asked about
and the key is wanted, the rows are walked from the top, each with its verdict.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

from training.phrasings.extraction import DRILLED_TEXTS, EXTRACT_ASK, EXTRACT_FRAMES, EXTRACT_TEXTS
from training.phrasings.lookup import FRAMES, GENERIC_ASK, GENERIC_BACK, PAIR_FORMS, TABLE_ASK
from training.tasks import lexicon_scenes as lex
from training.tasks import workings
from training.tasks.base import Example, Task, Wording, template_is_held_out, user, worked
from training.tasks.domains import DOMAINS, Domain, Make, clock, number, pick, place, price, thing

_LONGEST = 480
"""Characters of a question and its trace together."""
_LONGEST_OF_SEVERAL = 400
"""Characters of a list with several questions."""


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
    place = [v for _, v in rows].index(wanted)
    key = rows[place][0]
    passed = (f"{k} {v} no" for k, v in rows[:place])
    return [f"find: {wanted}", *passed, f"{key} {wanted} yes", workings.Aside(key)]


def _listed_rows(rng: random.Random, wording: Wording) -> tuple[Domain, list[tuple[str, str]], list[str], str]:
    """A domain, its rows, each of them as it is written, and the document that they make."""
    domain = rng.choice(DOMAINS)
    rows = _rows(rng, domain, rng.choices(range(3, 9), (22, 22, 20, 16, 11, 9))[0])
    if rng.random() < 0.4:
        form = wording.pick(domain.sentences)
        texts = [lex.articled(form.format(k=k, v=v)) for k, v in rows]
        if rng.random() < 0.3:
            texts = [lex.articled(wording.pick(domain.sentences).format(k=k, v=v)) for k, v in rows]
        return domain, rows, texts, (" " if rng.random() < 0.75 else "\n").join(texts)
    form = wording.pick(PAIR_FORMS)
    texts = [form.format(k=k, v=v) for k, v in rows]
    head = form.format(k=domain.heads[0], v=domain.heads[1])
    if form.startswith("|"):
        shown = [head, "| --- | --- |", *texts]
    elif form in ("{k}, {v}", "{k} | {v}", "{k}\t{v}", "{k}; {v}") and rng.random() < 0.6:
        shown = [head, *texts]
    elif rng.random() < 0.3:
        shown = [wording.pick(domain.title), *texts]
    else:
        shown = texts
    inline = form in ("{k}: {v}", "{k} = {v}", "{k} ({v})", "{k} has {v}") and rng.random() < 0.3
    return domain, rows, texts, ", ".join(texts) if inline else "\n".join(shown)


def _asked(
    rng: random.Random, wording: Wording, domain: Domain, rows: list[tuple[str, str]], texts: list[str], index: int
) -> tuple[str, list[str], str]:
    """A question about a row, the lines of its trace, and the answer."""
    key, value = rows[index]
    if rng.random() < 0.25 and [v for _, v in rows].count(value) == 1:
        templates = domain.ask_back if rng.random() < 0.6 else GENERIC_BACK
        question = wording.pick(templates).format(v=value, g=domain.heads[0], h=domain.heads[1])
        return question, _walk(rows, value), key
    templates = domain.ask if rng.random() < 0.6 else GENERIC_ASK
    question = wording.pick(templates).format(k=key, h=domain.heads[1])
    return question, [f"find: {key}", texts[index].strip(), workings.Aside(value)], value


def _lookup_pairs(rng: random.Random, wording: Wording) -> Example:
    domain, rows, texts, document = _listed_rows(rng, wording)
    index = rng.randrange(len(rows))
    question, lines, answer = _asked(rng, wording, domain, rows, texts, index)
    key = rows[index][0]
    text = wording.pick(FRAMES).format(d=document, q=question)
    return worked(text, lines, answer, f"{rows} {key} {answer == key}", fixed_wording=True)


def lookups(rng: random.Random, wording: Wording) -> Example:
    """Several values from one list: for drill, as a single question teaches little for so much to read."""
    while True:
        domain, rows, texts, document = _listed_rows(rng, wording)
        chosen = rng.sample(range(len(rows)), rng.randint(2, 3))
        asked = [_asked(rng, wording, domain, rows, texts, index) for index in chosen]
        text = wording.pick(FRAMES).format(d=document, q="\n".join(question for question, _, _ in asked))
        if len(text) <= _LONGEST_OF_SEVERAL:
            break
    lines = [line for _, found, _ in asked for line in found]
    return worked(text, lines, "\n".join(answer for _, _, answer in asked), text, fixed_wording=True)


TABLES: tuple[tuple[tuple[str, Make], ...], ...] = (
    (("name", lex.person), ("age", number(3, 99)), ("city", place), ("job", pick(lex.JOBS)), ("color", pick(lex.COLORS))),
    (("item", thing), ("price", price), ("stock", number(0, 300)), ("color", pick(lex.COLORS)), ("code", lex.code)),
    (("event", pick(lex.EVENTS)), ("day", pick(list(lex.DAYS))), ("time", clock), ("place", pick(lex.PLACES))),
    (("order", number(100, 9999)), ("name", lex.person), ("item", thing), ("state", pick(lex.STATES)), ("amount", number(1, 99))),
    (("city", place), ("country", pick(lex.COUNTRIES)), ("temperature", number(0, 39)), ("code", lex.code)),
    (("pet", pick(lex.PET_NAMES)), ("animal", pick(lex.PETS)), ("age", number(1, 20)), ("owner", lex.person)),
    (("id", number(1, 999)), ("name", lex.person), ("score", number(0, 100)), ("team", pick(lex.COLORS))),
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
    trace = [f"find: {heads[column]} of {row[0]}", workings.Aside(left + between.join(row) + right)]
    trace += [f"{head}: {cell}" for head, cell in list(zip(heads, row, strict=True))[: column + 1]]
    return worked(text, trace, row[column], f"{rows} {row[0]} {heads[column]}", fixed_wording=True)


def lookup(rng: random.Random, wording: Wording) -> Example:
    """One value from a list, a table or a few sentences."""
    while True:
        example = _lookup_table(rng, wording) if rng.random() < 0.25 else _lookup_pairs(rng, wording)
        if len(example.messages[0]["content"]) + len(example.trace) <= _LONGEST:
            return example


# Extraction -----------------------------------------------------------------------------------------------------------

_MAKE: dict[str, Make] = {
    "name": lex.person, "age": number(3, 99), "city": place, "job": pick(lex.JOBS), "color": pick(lex.COLORS), "pet": pick(lex.PETS),
    "country": pick(lex.COUNTRIES), "item": lambda rng: lex.one(rng.choice(lex.THINGS)), "price": number(1, 300), "count": number(2, 99),
    "event": pick(lex.EVENTS), "day": pick(list(lex.DAYS)), "place": pick(lex.PLACES), "time": clock, "from": place, "to": place,
    "hobby": pick(lex.HOBBIES), "order": number(100, 9999), "state": pick(lex.STATES), "code": lex.code, "food": pick(lex.FOODS),
    "month": pick(list(lex.MONTHS)), "phone": number(1000, 99999), "animal": pick(lex.PETS), "owner": lex.person, "sport": pick(lex.SPORTS),
    "room": number(1, 399), "items": pick(lex.THINGS), "friend": lex.person,
}  # fmt: skip
_NUMERIC = frozenset(("age", "price", "count", "order", "phone", "room"))


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
                "That is all.",
                "That is all I know.",
                "I know this well.",
                "I wrote it down today.",
                "It was good to read.",
                "It was a good day.",
                "The day was long.",
                "The weather is not good.",
                "The weather was good today.",
                "It is not clear to me.",
                "The rest will follow.",
                "More is not known.",
                "Please read it well.",
                "Please tell me more.",
                "We are all happy.",
                "We know the rest.",
                "I am happy about it.",
                "This is new to me.",
                "This was not easy.",
                "We talked a lot.",
                "I am very tired today.",
                "It was very cold.",
                "Thank you for the help.",
                "Thank you very much.",
                "See you soon.",
                "I will write more soon.",
            )
        )
        filled = f"{filled} {other}" if rng.random() < 0.6 else f"{other} {filled}"
    fields = rng.sample(slots, len(slots) if len(slots) <= 2 or rng.random() < 0.6 else len(slots) - 1)
    if rng.random() < 0.4:
        fields.sort(key=lambda field: text.index("{" + field + "}"))
    if len(fields) > 1 and rng.random() < 0.06:
        fields = fields[:1]
    numbers = {field: int(values[field]) for field in fields if field in _NUMERIC}
    return _as_json(rng, wording, filled, fields, {**values, **numbers})


def _as_json(
    rng: random.Random, wording: Wording, text: str, fields: list[str], values: Mapping[str, str | int]
) -> Example:
    """These fields of the text, asked for as JSON."""
    question = wording.pick(EXTRACT_ASK).format(f=_listed(rng, fields))
    prompt = wording.pick(EXTRACT_FRAMES).format(q=question, t=text)
    result = {field: values[field] for field in fields}

    def same(reply: str) -> bool:
        try:
            return json.loads(reply) == result
        except ValueError:
            return False

    trace = "\n".join(f"{f}: {values[f]}" for f in fields)
    key = f"{sorted((k, str(v)) for k, v in values.items())} {fields}"
    return Example(user(prompt), trace, json.dumps(result), key, fixed_wording=True, check=same, brief="")


def fields(rng: random.Random, wording: Wording) -> Example:
    """A drill: fields of records in any usual shape, with any words as names, and of sentences that say the larger part first."""
    if rng.random() < 0.5:
        text = rng.choice(_DRILLED)
        slots = [name for name in _MAKE if "{" + name + "}" in text]
        values: dict[str, str | int] = {name: _MAKE[name](rng) for name in slots}
        values.update({name: int(values[name]) for name in slots if name in _NUMERIC})
        filled = lex.articled(text.format(**values))
    else:
        slots = rng.sample(_FIELD_NAMES, rng.randint(2, 4))
        values = {name: _any_value(rng) for name in slots}
        shape, between = rng.choice(_RECORDS)
        if shape:
            filled = between.join(shape.format(k=name, K=name.capitalize(), v=value) for name, value in values.items())
        else:
            filled = f"{between.join(slots)}\n{between.join(map(str, values.values()))}"
    if rng.random() < 0.5:
        rng.shuffle(slots)
    return _as_json(rng, wording, filled, slots[: rng.randint(1, len(slots))], values)


def _any_value(rng: random.Random) -> str | int:
    roll = rng.random()
    if roll < 0.3:
        return rng.randint(1, 10 ** rng.randint(1, 5))
    if roll < 0.6:
        return rng.choice(rng.choice((lex.PEOPLE, lex.CITIES, lex.ANIMALS, lex.COLORS, lex.FOODS)))
    return lex.pseudo_word(rng).capitalize() if roll < 0.8 else rng.choice(_MAKE["day"](rng).split())


_FIELD_NAMES = lex.words(
    "name age city owner animal pet from to day month time color item items count price order state phone room job friend food code "
    "event place country hobby sport team boss start end size street title author year shop bill date task group level seat gate"
)
_RECORDS = (
    ("{K}: {v}", "\n"), ("{K}: {v}", ", "), ("{K}: {v}", "; "), ("{K}: {v}.", " "), ("{k}: {v}", "\n"), ("{k}: {v}", ", "), ("{k} = {v}", "\n"),
    ("{k}={v}", "; "), ("{k}={v}", ", "), ("- {k}: {v}", "\n"), ("- {K}: {v}", "\n"), ("{k}: {v}", " | "), ("{k} {v}", ", "), ("{K} {v}", "\n"),
    ("{K} - {v}", "\n"), ("The {k} is {v}.", " "), ("* {k}: {v}", "\n"), ("", ","), ("", " | "), ("", ";"), ("", "\t"), ("", ", "),
)  # fmt: skip
"""How a field is written, and what comes between two; empty: names in the first line, values in the second."""
_DRILLED = [text for text in DRILLED_TEXTS if not template_is_held_out(text) and text not in EXTRACT_TEXTS]


TASKS = [
    Task("lookup", lookup, weight=1.8, off_share=0.55, multi_step=False),
    Task("extract", extract, weight=1.2, off_share=0.35, multi_step=False),
]
