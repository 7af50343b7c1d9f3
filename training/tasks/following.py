"""Following a format: easy questions whose answer must take the shape that the system text or the user asks for.

Knows which rule gives which shape; the questions themselves are small facts, sums and lists.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from training.tasks import lexicon_scenes as lex
from training.tasks.base import Example, Messages, Task, Wording

FACTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("What is the opposite of hot?", "Name the opposite of hot.", "Opposite of hot?"), "cold"),
    (("What is the opposite of big?", "Name the opposite of big.", "Opposite of big?"), "small"),
    (("What is the opposite of up?", "Name the opposite of up.", "Opposite of up?"), "down"),
    (("What is the opposite of day?", "Name the opposite of day.", "Opposite of day?"), "night"),
    (("What is the opposite of yes?", "Name the opposite of yes.", "Opposite of yes?"), "no"),
    (("What is the opposite of left?", "Name the opposite of left.", "Opposite of left?"), "right"),
    (("What is the opposite of old?", "Name the opposite of old.", "Opposite of old?"), "new"),
    (("What is the opposite of fast?", "Name the opposite of fast.", "Opposite of fast?"), "slow"),
    (("What is the opposite of open?", "Name the opposite of open.", "Opposite of open?"), "closed"),
    (("What is the opposite of black?", "Name the opposite of black.", "Opposite of black?"), "white"),
    (("What is the opposite of full?", "Name the opposite of full.", "Opposite of full?"), "empty"),
    (("What is the opposite of good?", "Name the opposite of good.", "Opposite of good?"), "bad"),
    (("What color is the sky?", "Which color does the sky have?", "The sky is which color?"), "blue"),
    (("What color is grass?", "Which color does grass have?", "Grass is which color?"), "green"),
    (("What color is snow?", "Which color does snow have?", "Snow is which color?"), "white"),
    (("What color is a lemon?", "Which color does a lemon have?", "A lemon is which color?"), "yellow"),
    (("What animal says meow?", "Which animal says meow?"), "cat"),
    (("What animal says moo?", "Which animal says moo?"), "cow"),
    (("What animal says woof?", "Which animal says woof?"), "dog"),
    (("What day comes after Monday?", "Which day follows Monday?", "Day after Monday?"), "Tuesday"),
    (("What day comes after Friday?", "Which day follows Friday?", "Day after Friday?"), "Saturday"),
    (("What day comes after Sunday?", "Which day follows Sunday?", "Day after Sunday?"), "Monday"),
    (("What month comes after May?", "Which month follows May?", "Month after May?"), "June"),
    (("What month comes after January?", "Which month follows January?"), "February"),
    (("How many legs does a dog have?", "A dog has how many legs?"), "4"),
    (("How many legs does a bird have?", "A bird has how many legs?"), "2"),
    (("How many days are in a week?", "A week has how many days?"), "7"),
    (("How many hours are in a day?", "A day has how many hours?"), "24"),
    (("How many months are in a year?", "A year has how many months?"), "12"),
    (("How many minutes are in an hour?", "An hour has how many minutes?"), "60"),
    (("What is your name?", "Who are you?", "Tell me your name."), "nemoserve mini"),
)

SUMS = (
    "What is {a} + {b}?", "What is {a} plus {b}?", "{a} + {b}", "{a}+{b}", "Add {a} and {b}.", "How much is {a} + {b}?", "Calculate {a} + {b}.", "What do {a} and {b} make?", "Sum of {a} and {b}?", "{a} and {b} is what?", "Please add {a} and {b}.", "What does {a} + {b} make?", "Tell me {a} + {b}.", "Compute {a} + {b}.", "Work out {a}+{b}.", "{a} plus {b}?",
)  # fmt: skip
DIFFERENCES = (
    "What is {a} - {b}?",
    "What is {a} minus {b}?",
    "{a} - {b}",
    "{a}-{b}",
    "Take {b} from {a}.",
    "How much is {a} - {b}?",
    "Calculate {a} - {b}.",
    "{a} minus {b}?",
    "Subtract {b} from {a}.",
)
PRODUCTS = (
    "What is {a} * {b}?",
    "What is {a} times {b}?",
    "{a} * {b}",
    "{a}*{b}",
    "Multiply {a} by {b}.",
    "How much is {a} times {b}?",
    "Calculate {a} * {b}.",
    "{a} times {b}?",
    "What is {a} x {b}?",
)
BIGGER = (
    "Which is bigger, {a} or {b}?",
    "What is the larger number, {a} or {b}?",
    "Which number is greater: {a} or {b}?",
    "{a} or {b}: which is bigger?",
    "Name the bigger of {a} and {b}.",
    "Which is more, {a} or {b}?",
    "Max of {a} and {b}?",
)
SMALLER = (
    "Which is smaller, {a} or {b}?",
    "What is the smaller number, {a} or {b}?",
    "Which number is less: {a} or {b}?",
    "{a} or {b}: which is smaller?",
    "Name the smaller of {a} and {b}.",
    "Which is less, {a} or {b}?",
    "Min of {a} and {b}?",
)
FIRST = (
    "What is the first letter of {w}?",
    "First letter of {w}?",
    "Which letter does {w} start with?",
    "{w} starts with which letter?",
    "What letter is first in {w}?",
    "Give the first letter of {w}.",
)
REPEAT = (
    "Repeat the word {w}.",
    "Say {w}.",
    "Write the word {w}.",
    "Repeat after me: {w}",
    "Say the word {w}.",
    "Copy this word: {w}",
    "Type {w}.",
    "Echo {w}",
)
TRUTH = (
    "Is {a} bigger than {b}?",
    "Is {a} greater than {b}?",
    "Is {a} more than {b}?",
    "Is {a} larger than {b}?",
    "Is it true that {a} is bigger than {b}?",
)
TRUTH_LESS = ("Is {a} smaller than {b}?", "Is {a} less than {b}?", "Is it true that {a} is smaller than {b}?")
TRUTH_SUM = (
    "Is {a} + {b} equal to {c}?",
    "Does {a} plus {b} make {c}?",
    "{a} + {b} = {c}. Is that right?",
    "Is the sum of {a} and {b} {c}?",
    "Is it true that {a} + {b} = {c}?",
)

LIST_WORDS = (
    "List these: {l}", "List {l}.", "Here are some words: {l}. List them.", "Write down {l}.", "Make a list of {l}.", "List the words {l}.", "Show {l} as a list.", "Put {l} in a list.", "My shopping list: {l}.", "Give me the list of {l}.",
)  # fmt: skip
LIST_NUMBERS = (
    "List the numbers from {a} to {b}.", "Count from {a} to {b}.", "Write the numbers {a} to {b}.", "Which numbers are there from {a} to {b}?", "Give me the numbers from {a} to {b}.", "Name all numbers from {a} to {b}.", "Show the numbers {a} to {b}.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A shape: its short name for the trace, how to make it of a plain answer, and how people ask for it."""

    name: str
    shape: Callable[[str], str]
    system: tuple[str, ...]
    asked: tuple[str, ...]


def _json_of(key: str) -> Callable[[str], str]:
    def shape(x: str) -> str:
        return json.dumps({key: int(x) if x.isdigit() else x})

    return shape


RULES: tuple[Rule, ...] = (
    Rule("capitals", str.upper,
         ("Answer in capital letters.", "Always write in capitals.", "Reply in upper case.", "Write every answer in capital letters.", "Use only capital letters.", "You answer in uppercase.", "All answers must be in capitals.", "You shout: use capital letters."),
         ("Answer in capital letters.", "In capitals please.", "Use upper case.", "Reply in capitals.", "Write it in uppercase.", "Use capital letters only.", "All capitals.", "Make it uppercase.", "Capital letters please.", "Shout it in capitals.", "Give it in upper case.", "Everything in capitals.", "ONLY CAPITALS.", "Answer with capitals.", "Upper case please.", "Use big letters.", "Write in upper case.")),
    Rule("lower case", str.lower,
         ("Answer in lower case.", "Always write in small letters.", "Reply in lowercase only.", "Use only lower case letters.", "Never use capital letters.", "You answer in lower case.", "All answers must be in lowercase."),
         ("Answer in lower case.", "In small letters please.", "Use lowercase.", "No capital letters.", "Write it in lower case.")),
    Rule("JSON answer", _json_of("answer"),
         ('Answer as JSON: {"answer": ...}', 'Reply only with a JSON object with the key "answer".', 'Always reply in JSON with the key "answer".', 'Use the format {"answer": value}.', "Answer in JSON with one key, answer.", 'Every reply is JSON: {"answer": ...}', 'Respond with {"answer": ...} and nothing else.', 'Return JSON: {"answer": ...}', 'Put every answer in JSON under the key "answer".', 'Your output is JSON like {"answer": ...}.'),
         ('Reply as JSON with the key "answer".', 'Answer as {"answer": ...}', "Give JSON with the key answer.", 'Return {"answer": ...}.', 'JSON with "answer" please.', 'Respond with JSON, key "answer".', 'Format: {"answer": ...}', 'Use JSON: {"answer": ...}', 'Put it in JSON under "answer".')),
    Rule("JSON result", _json_of("result"),
         ('Answer as JSON: {"result": ...}', 'Reply only with a JSON object with the key "result".', 'Always reply in JSON with the key "result".', 'Use the format {"result": value}.', "Answer in JSON with one key, result."),
         ('Reply as JSON with the key "result".', 'Answer as {"result": ...}', "Give JSON with the key result.", 'Put it in JSON under "result".')),
    Rule("JSON value", _json_of("value"),
         ('Answer as JSON: {"value": ...}', 'Reply only with a JSON object with the key "value".', 'Always reply in JSON with the key "value".', 'Use the format {"value": ...}.', "Answer in JSON with one key, value."),
         ('Reply as JSON with the key "value".', 'Answer as {"value": ...}', "Give JSON with the key value.", 'Return {"value": ...}.', 'JSON with "value" please.', 'Respond with JSON, key "value".', 'Use JSON: {"value": ...}', "JSON, key value.", 'Put it in JSON under "value".')),
    Rule("Answer: first", lambda x: f"Answer: {x}",
         ('Start your answer with "Answer:".', 'Always begin with "Answer:".', "Begin every reply with Answer:", 'Put "Answer:" before the answer.', "Reply in the form Answer: ...", 'Your reply must start with "Answer: ".', "Prefix the answer with Answer:"),
         ('Start with "Answer:".', "Begin with Answer:", 'Put "Answer:" in front.', "Use the form Answer: ...", 'Reply with "Answer:" first.', "Answer: comes first.", 'Your reply starts with "Answer:".', "Write Answer: before it.", 'First write "Answer:".', "Answer with Answer: first.", "Prefix it with Answer:", "The reply begins with Answer:", 'Say "Answer:" and then the answer.', "Write Answer: and then it.")),
    Rule("Result: first", lambda x: f"Result: {x}",
         ('Start your answer with "Result:".', 'Always begin with "Result:".', "Begin every reply with Result:", 'Put "Result:" before the answer.', "Reply in the form Result: ...", "Prefix the answer with Result:"),
         ('Start with "Result:".', "Begin with Result:", 'Put "Result:" in front.', "Use the form Result: ...")),
    Rule("Done. last", lambda x: f"{x} Done.",
         ('End every answer with "Done."', 'Always end with "Done."', "Finish each reply with Done.", 'Write "Done." after the answer.', "The last word of your reply must be Done.", "Say Done. at the end.", "After the answer, add Done."),
         ('End with "Done."', "Finish with Done.", 'Write "Done." at the end.', "Say Done. after it.")),
    Rule("OK first", lambda x: f"OK {x}",
         ('Start every answer with "OK".', "Begin each reply with OK", "First say OK, then the answer.", 'Put "OK" before the answer.', "The first word of your reply must be OK."),
         ('Start with "OK".', "First say OK.", "Begin with OK", 'Put "OK" before it.')),
    Rule("! last", lambda x: f"{x}!",
         ("End every answer with an exclamation mark.", "Put ! after the answer.", "Always end with !", "Finish with an exclamation mark.", "Add ! to the end of each answer."),
         ("End with an exclamation mark.", "Put ! at the end.", "Finish with !", "Add ! after it.")),
    Rule("brackets", lambda x: f"[{x}]",
         ("Put the answer in square brackets.", "Write the answer in [ ].", "Always use square brackets around the answer.", "Answer inside square brackets.", "Your reply is the answer in square brackets.", "Wrap every answer in [ and ].", "Square brackets around every answer.", "Give answers like [this].", "Put [ before and ] after the answer.", "Every reply is in square brackets."),
         ("Put it in square brackets.", "Use [ ] around the answer.", "Answer in square brackets.", "Wrap it in [ and ].")),
    Rule("quotes", lambda x: f'"{x}"',
         ("Put the answer in quotes.", "Write the answer in double quotes.", "Always use quotes around the answer.", "Answer inside quotes.", "Your reply is the answer in quotation marks.", "Wrap every answer in quotes."),
         ("Put it in quotes.", "Use quotes around the answer.", "Answer in double quotes.", "Wrap it in quotes.")),
    Rule("bold", lambda x: f"**{x}**",
         ("Write the answer in bold.", "Use markdown bold for the answer.", "Put ** around the answer.", "Make every answer bold.", "Answer in bold markdown.", "All answers are bold.", "Every reply is bold markdown.", "Use ** before and after the answer.", "Format answers in bold.", "Reply in bold.", "Bold answers only.", "Use **bold** for each answer.", "Put two stars around every answer.", "Your answers are in bold.", "Surround the answer with **."),
         ("Write it in bold.", "Use bold.", "Put ** around it.", "Make it bold.")),
    Rule("sentence", lambda x: f"The answer is {x}.",
         ("Answer in a full sentence: The answer is ...", "Reply in one sentence that starts with The answer is.", "Always say The answer is, then the answer.", "Use a whole sentence: The answer is ...", "Write a sentence: The answer is ... ."),
         ("Answer in a sentence: The answer is ...", "Say: The answer is ...", "Use a sentence that starts with The answer is.", "Reply with The answer is ...")),
    Rule("twice", lambda x: f"{x} {x}",
         ("Say every answer twice.", "Write the answer two times.", "Repeat the answer twice.", "Give each answer twice.", "Always say the answer two times."),
         ("Say it twice.", "Write it two times.", "Give the answer twice.", "Two times please.", "Double the answer: say it two times.", "Write it twice.", "Repeat it.", "Say it two times.", "Repeat the answer twice.")),
    Rule("bullet", lambda x: f"- {x}",
         ("Answer with a bullet point.", "Use one bullet for the answer.", "Write the answer as a bullet point.", "Always use a bullet: - answer", "Put a dash before the answer.", "Every answer is a bullet.", "Start each answer with a dash.", "Reply with one bullet point.", "Answers are bullets with -.", "Use a dash and a space before the answer."),
         ("Use a bullet point.", "As a bullet point please.", "Write it as a bullet.", "Put a dash in front.", "Start with a dash.", "Answer with a bullet.", "Give one bullet.", "With a dash in front please.", "Bullet please.")),
    Rule("one word", lambda x: x,
         ("Answer with one word.", "Reply in one word.", "Use a single word.", "Give only the answer.", "Answer with the answer only.", "No extra words.", "Be as short as possible."),
         ("One word.", "Answer in one word.", "Only the answer.", "Just the answer please.", "Give a single word.")),
)  # fmt: skip

LIST_RULES: tuple[Rule, ...] = (
    Rule("bullets", lambda x: "\n".join(f"- {part}" for part in x.split()),
         ("Answer with a bulleted list.", "Use bullet points.", "Write lists with dashes.", "Always use bullets, one per line.", "Format lists as bullet points.", "Lists are written with - at the start of each line.", "All lists use bullets.", "Write each item after a dash.", "Lists need bullet points.", "Use - for every item.", "Make bulleted lists."),
         ("Use bullet points.", "As a bulleted list.", "Use dashes.", "Put each on a line with a dash.", "Write bullets.", "Bullet points please.")),
    Rule("numbers", lambda x: "\n".join(f"{i}. {part}" for i, part in enumerate(x.split(), 1)),
         ("Answer with a numbered list.", "Number the lines of every list.", "Use a list with 1. 2. 3.", "Always number the items.", "Format lists as numbered lists.", "All lists are numbered.", "Put a number before each item.", "Use numbered lists.", "Lists start with 1.", "Write 1. 2. 3. before the items."),
         ("As a numbered list.", "Number them.", "Use 1. 2. 3.", "Number the items please.", "Make it a numbered list.")),
    Rule("commas", lambda x: ", ".join(x.split()),
         ("Separate the items with commas.", "Write lists on one line with commas.", "Use commas between items.", "Lists are separated by commas.", "Always put commas between the items."),
         ("Separate with commas.", "Use commas.", "On one line with commas.", "Put commas between them.", "With commas please.", "Comma between each.", "Separated by commas.", "Commas only.", "Split them with commas.", "Comma list please.", "Commas between them.", "Make it comma separated.", "Join them with commas.", "All on one line, with commas.", "Write commas between the items.")),
    Rule("lines", lambda x: "\n".join(x.split()),
         ("Put each item on its own line.", "Write one item per line.", "One item per line, nothing else.", "Every item gets a new line.", "Lists have one item per line.", "Use a new line for each item.", "Each item goes on a new line.", "Write lists line by line.", "Break the line after every item.", "Print each item on its own line.", "Lists are written one item per line.", "Use one line for each item.", "Items are separated by new lines.", "Each item has its own line."),
         ("One per line.", "Each on its own line.", "Put each on a new line.", "Use one line for each.", "One item per line please.", "A new line for each.", "Line by line.", "Every item on its own line.", "One item on each line.", "Line breaks between them.", "Separate lines please.", "Use a new line for each.", "Give each its own line.", "Write them one per line.", "Each on a new line.")),
    Rule("JSON list", lambda x: json.dumps([int(part) if part.isdigit() else part for part in x.split()]),
         ("Write lists as a JSON array.", "Answer with a JSON list.", "Output a JSON array only.", "Lists must be JSON arrays.", "Always reply with a JSON array."),
         ("As a JSON array.", "As a JSON list.", "Give a JSON array.", "Use a JSON list please.")),
    Rule("capitals", str.upper,
         ("Write lists in capital letters with spaces.", "Use capital letters and spaces between items.", "Everything in capitals, with spaces between."),
         ("In capitals with spaces.", "Use capital letters and spaces.", "Upper case, with spaces between.")),
)  # fmt: skip

YES_NO = (
    "Answer only yes or no.", "Reply with yes or no.", "Say yes or no.", "Use only the words yes and no.", "Answer with exactly yes or no.", "You only say yes or no.", "Your answer is yes or no, nothing else.", "Only yes or no.",
    "Reply with the single word yes or no.", "Answer yes or no only.", "Please just yes or no.",
)  # fmt: skip
YES_NO_CAPITAL = (
    "Answer only YES or NO.",
    "Reply with YES or NO.",
    "Say YES or NO.",
    "Your answer is YES or NO, nothing else.",
    "Answer with exactly YES or NO.",
    "You only say YES or NO.",
    "Only YES or NO.",
)
TRUE_FALSE = (
    "Answer true or false.",
    "Reply with true or false.",
    "Say true or false only.",
    "Use only the words true and false.",
    "Answer with exactly true or false.",
    "Your answer is true or false.",
    "Only true or false.",
)

PLACES = (
    "{q} {r}",
    "{r} {q}",
    "{q}\n{r}",
    "{r}\n{q}",
    "{r}\n\n{q}",
    "{q} ({r})",
    "Rule: {r}\n{q}",
    "{q}\n\nFormat: {r}",
    "Please follow this: {r} {q}",
    "{r} Question: {q}",
    "{q} Remember: {r}",
)
"""Where a user puts the rule."""


def _plain(rng: random.Random, wording: Wording) -> tuple[str, str]:
    """An easy question and its plain answer."""
    a, b = rng.randint(1, 9), rng.randint(1, 9)
    match rng.choices(range(8), (22, 22, 8, 8, 8, 6, 12, 14))[0]:
        case 0:
            questions, answer = rng.choice(FACTS)
            return wording.pick(questions), answer
        case 1:
            return wording.pick(SUMS).format(a=a, b=b), str(a + b)
        case 2:
            a, b = max(a, b), min(a, b)
            return wording.pick(DIFFERENCES).format(a=a, b=b), str(a - b)
        case 3:
            return wording.pick(PRODUCTS).format(a=a, b=b), str(a * b)
        case 4:
            a, b = rng.sample(range(1, 100), 2)
            return wording.pick(BIGGER).format(a=a, b=b), str(max(a, b))
        case 5:
            a, b = rng.sample(range(1, 100), 2)
            return wording.pick(SMALLER).format(a=a, b=b), str(min(a, b))
        case 6:
            word = _word(rng)
            return wording.pick(FIRST).format(w=word), word[0]
        case _:
            word = _word(rng)
            return wording.pick(REPEAT).format(w=word), word


def _word(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return lex.pseudo_word(rng)
    return rng.choice(rng.choice((lex.COLORS, lex.PETS, lex.FOODS, lex.GOODS, lex.PLACES, lex.BOOK_WORDS)))


def _listed(rng: random.Random, wording: Wording) -> tuple[str, str]:
    """A question for a list and its items, space between."""
    if rng.random() < 0.35:
        a = rng.randint(1, 60)
        b = a + rng.randint(2, 5)
        return wording.pick(LIST_NUMBERS).format(a=a, b=b), " ".join(str(n) for n in range(a, b + 1))
    words = lex.distinct(rng, _word, rng.randint(2, 5))
    joined = ", ".join(words) if rng.random() < 0.5 else ", ".join(words[:-1]) + " and " + words[-1]
    return wording.pick(LIST_WORDS).format(l=joined), " ".join(words)


def _truth(rng: random.Random, wording: Wording) -> tuple[str, str, bool]:
    """A yes-or-no question, its working and the truth."""
    a, b = rng.sample(range(1, 100), 2) if rng.random() < 0.5 else rng.sample(range(1, 10), 2)
    match rng.randrange(3):
        case 0:
            question, truth = wording.pick(TRUTH).format(a=a, b=b), a > b
        case 1:
            question, truth = wording.pick(TRUTH_LESS).format(a=a, b=b), a < b
        case _:
            a, b = rng.randint(1, 9), rng.randint(1, 9)
            c = a + b if rng.random() < 0.5 else max(1, a + b + rng.choice((-2, -1, 1, 2, 3)))
            return (
                wording.pick(TRUTH_SUM).format(a=a, b=b, c=c),
                f"{a}+{b}={a + b}{'=' if c == a + b else '!='}{c}",
                c == a + b,
            )
    return question, f"{a}{'>' if a > b else '<'}{b}", truth


def _placed(rng: random.Random, wording: Wording, rule: Rule, question: str) -> Messages:
    if rng.random() < 0.6:
        system = wording.pick(rule.system)
        if rng.random() < 0.2:
            system = (
                rng.choice(
                    ("You are a helpful assistant. ", "You are a bot. ", "You are nemoserve mini. ", "Be brief. ")
                )
                + system
            )
        return [{"role": "system", "content": system}, {"role": "user", "content": question}]
    return [{"role": "user", "content": wording.pick(PLACES).format(q=question, r=wording.pick(rule.asked))}]


def follow(rng: random.Random, wording: Wording) -> Example:
    """An easy question under a rule about the answer's form."""
    kind = rng.random()
    if kind < 0.2:
        question, working, truth = _truth(rng, wording)
        name, asks, words = rng.choice(
            (
                ("yes or no", YES_NO, ("no", "yes")),
                ("YES or NO", YES_NO_CAPITAL, ("NO", "YES")),
                ("true or false", TRUE_FALSE, ("false", "true")),
            )
        )
        rule = Rule(name, lambda x: x, asks, asks)
        answer, plain = words[truth], working
        trace = f"rule: {name}\n{working}\n{answer}"
    else:
        lists = kind < 0.4
        rule = rng.choice(LIST_RULES if lists else RULES)
        question, plain = (_listed if lists else _plain)(rng, wording)
        answer = rule.shape(plain)
        trace = f"rule: {rule.name}\nanswer: {plain}\n{answer}"
    if rng.random() < 0.1:
        question = question.rstrip("?.")
    return Example(_placed(rng, wording, rule, question), trace, answer, f"{rule.name}|{plain}", fixed_wording=True)


TASKS = [Task("format", follow, weight=1.8, off_share=0.4, multi_step=False)]
