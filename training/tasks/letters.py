"""Working on words letter by letter: counting, measuring, spelling, reversing, picking; knows no meaning of any word.

Every working walks through the word with the place written before each letter (`1c2a3t`), so that doubled letters
keep apart and going backwards is looking up one number after the other.
"""

from __future__ import annotations

import random

from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, user
from training.tasks.phrasing import dress

LETTER_TEMPLATES: tuple[str, ...] = (
    "How many {cs} are in {w}?", "How many {cs} are in the word {w}?", "How many {cs} are there in {w}?",
    "How many {cs} are there in the word {w}?", "how many {cs} in {w}", "How many {cs} in {w}?",
    "How many {cs} does {w} have?", "How many {cs} does the word {w} have?", "How many {cs} does {w} contain?",
    "How many {cs} does the word {w} contain?", "How many {cs} can you find in {w}?",
    "How many {cs} do you see in {w}?", "How many {cs} do you count in {w}?", "How many times does {c} appear in {w}?",
    "How many times does {c} occur in {w}?", "How many times does the letter {c} appear in {w}?",
    "How many times does the letter {c} occur in the word {w}?", "How many times is {c} used in {w}?",
    "How many times is the letter {c} in {w}?", "How many times do you see {c} in {w}?",
    "How many times can you find the letter {c} in {w}?", "How often does {c} appear in {w}?",
    "How often does the letter {c} occur in {w}?", "How often is {c} in {w}?",
    "How often do you find the letter {c} in the word {w}?", "Count the {cs} in {w}.",
    "Count the {cs} in the word {w}.", "Count the letter {c} in {w}.", "Count the letter {c} in the word {w}.",
    "Count how many {cs} are in {w}.", "Count how often {c} appears in {w}.", "Count all {cs} in {w}.",
    "Count the number of {cs} in {w}.", "Count the number of times {c} appears in {w}.", "count {c} in {w}",
    "Please count the {cs} in {w}.", "Please count the letter {c} in {w}.", "Can you count the {cs} in {w}?",
    "Can you count how many {cs} there are in {w}?", "Could you count the {cs} in the word {w}?",
    "Could you tell me how many {cs} are in {w}?", "Can you tell me how often {c} is in {w}?",
    "Tell me how many {cs} are in {w}.", "Tell me how many times {c} appears in {w}.",
    "Tell me the number of {cs} in {w}.", "What is the number of {cs} in {w}?", "What is the count of {c} in {w}?",
    "What is the count of the letter {c} in the word {w}?", "Find the number of {cs} in {w}.",
    "Find how many {cs} {w} has.", "Give me the number of {cs} in {w}.", "Give the count of {c} in {w}.",
    "Number of {cs} in {w}?", "Number of times the letter {c} is in {w}?",
    "The word is {w}. How many {cs} does it have?", "The word is {w}. How many {cs} are in it?",
    "The word is {w}. Count the letter {c}.", "Look at the word {w}. How many {cs} are there?",
    "Look at {w}. How often does {c} appear?", "In the word {w}, how many {cs} are there?",
    "In {w}, how many {cs} are there?", "In {w}, how many times does {c} appear?",
    "In the word {w}, how often does the letter {c} occur?", "In {w}, count the {cs}.",
    "Take the word {w}. How many {cs} does it contain?", "Take {w} and count the {cs}.",
    "If I write {w}, how many {cs} do I write?", "If you spell {w}, how many {cs} do you use?",
    "When I spell {w}, how many {cs} do I need?", "I wrote {w}. How many {cs} is that?",
    "Do you know how many {cs} are in {w}?", "I want to know how many {cs} are in {w}.",
    "Does {w} have any {cs}? How many?", "Here is a word: {w}. How many {cs}?", "Given the word {w}, count the {cs}.",
    "Given {w}, how many times does {c} appear?", "Word: {w}. Letter: {c}. How many?",
    "letter {c}, word {w}: how many?", "{w}: how many {cs}?", "{w} has how many {cs}?", "{w} contains how many {cs}?",
    "Say how many {cs} the word {w} has.",
)  # fmt: skip

LENGTH_TEMPLATES: tuple[str, ...] = (
    "How many letters are in {w}?", "How many letters are in the word {w}?", "How many letters are there in {w}?",
    "How many letters are there in the word {w}?", "how many letters in {w}", "How many letters in {w}?",
    "How many letters does {w} have?", "How many letters does the word {w} have?", "How many letters does {w} contain?",
    "How many letters does the word {w} contain?", "How many letters do you need to write {w}?",
    "How many letters do you count in {w}?", "How many letters make up {w}?", "How many letters make up the word {w}?",
    "How many letters long is {w}?", "How many letters long is the word {w}?", "How long is {w}?",
    "How long is the word {w}?", "How many characters are in {w}?", "How many characters does {w} have?",
    "How many characters does the word {w} have?", "How many characters long is {w}?", "What is the length of {w}?",
    "What is the length of the word {w}?", "What is the number of letters in {w}?", "What is the letter count of {w}?",
    "What length does the word {w} have?", "Count the letters in {w}.", "Count the letters in the word {w}.",
    "Count the letters of {w}.", "Count all letters in {w}.", "Count how many letters {w} has.",
    "Count the characters in {w}.", "count the letters: {w}", "Count the number of letters in {w}.",
    "Please count the letters in {w}.", "Please tell me how long the word {w} is.", "Can you count the letters in {w}?",
    "Can you count the letters of the word {w}?", "Can you tell me how many letters {w} has?",
    "Could you count the letters in {w}?", "Could you tell me the length of {w}?",
    "Tell me how many letters are in {w}.", "Tell me the length of {w}.", "Tell me how long {w} is.",
    "Find the length of {w}.", "Find the number of letters in {w}.", "Find out how many letters {w} has.",
    "Give me the length of the word {w}.", "Give me the number of letters in {w}.", "Give the length of {w}.",
    "Length of {w}?", "Length of the word {w}?", "Number of letters in {w}?",
    "The word is {w}. How many letters does it have?", "The word is {w}. How long is it?",
    "Look at the word {w}. How many letters are there?", "Here is a word: {w}. How many letters is that?",
    "Take the word {w}. How many letters are in it?", "Take {w} and count its letters.",
    "In the word {w}, how many letters are there?", "In {w}, how many letters do you see?",
    "If I write {w}, how many letters is that?", "I wrote {w}. How many letters did I write?",
    "Given the word {w}, what is its length?", "Given {w}, count the letters.", "Do you know how many letters {w} has?",
    "I want to know how long {w} is.", "Measure the length of the word {w}.", "Determine the length of {w}.",
    "{w}: how many letters?", "{w} has how many letters?", "{w} is how many letters long?",
    "Say how many letters the word {w} has.", "Return the length of {w}.", "Word: {w}. Length?", "len({w})",
)  # fmt: skip

SPELL_TEMPLATES: tuple[str, ...] = (
    "Spell {w}.", "Spell {w}", "Spell the word {w}.", "Spell the word {w}", "spell: {w}", "Spell out {w}.",
    "Spell out the word {w}.", "Spell {w} for me.", "Spell the word {w} for me.", "Spell {w} letter by letter.",
    "Spell the word {w} letter by letter.", "Spell {w} out loud.", "Please spell {w}.", "Please spell the word {w}.",
    "Please spell out {w}.", "Can you spell {w}?", "Can you spell the word {w}?", "Can you spell {w} for me?",
    "Can you spell out {w}?", "Could you spell {w}?", "Could you spell the word {w}?",
    "Could you please spell {w} for me?", "Would you spell {w}?", "How do you spell {w}?",
    "How do you spell the word {w}?", "How is {w} spelled?", "How is the word {w} spelled?", "How is {w} spelt?",
    "How do I spell {w}?", "How would you spell {w}?", "How to spell {w}?", "How do people spell {w}?",
    "What is the spelling of {w}?", "What is the spelling of the word {w}?", "What are the letters of {w}?",
    "What are the letters in {w}?", "What are the letters in the word {w}?", "What letters are in {w}?",
    "What letters does {w} have?", "Which letters are in {w}?", "Which letters make up the word {w}?",
    "Which letters does {w} consist of?", "Give me the spelling of {w}.", "Give me the letters of {w}.",
    "Give the letters of the word {w} one by one.", "Give me the word {w} letter by letter.",
    "List the letters of {w}.", "List the letters in {w}.", "List all letters of the word {w}.",
    "List each letter of {w}.", "Write {w} letter by letter.", "Write the letters of {w}.",
    "Write out the letters of {w} one by one.", "Write the word {w} with spaces between the letters.",
    "Write {w} with a space between letters.", "Put spaces between the letters of {w}.", "Separate the letters of {w}.",
    "Separate the letters of {w} with spaces.", "Split {w} into letters.", "Split the word {w} into letters.",
    "Split {w} into single letters.", "Break {w} into letters.", "Break the word {w} down into letters.",
    "Say the letters of {w}.", "Say {w} letter by letter.", "Name the letters in {w}.", "Name each letter of {w}.",
    "Show the letters of {w}.", "Show me how to spell {w}.", "Show me the letters of {w}.", "Tell me how to spell {w}.",
    "Tell me the letters of {w}.", "Tell me the spelling of {w}.", "I need the spelling of {w}.",
    "I can't spell {w}. Can you?", "I don't know how to spell {w}.", "Help me spell {w}.",
    "Help me spell the word {w}.", "The word is {w}. Spell it.", "The word is {w}. Please spell it out.",
    "Here is a word: {w}. Spell it.", "Take the word {w} and spell it.", "Look at {w} and list its letters.",
    "Do you know how to spell {w}?", "{w}: spell it.", "{w} - how do you spell that?", "{w}, letter by letter",
    "Spelling of {w}?", "Letters of {w}?",
)  # fmt: skip
SPELL_DASH_TEMPLATES: tuple[str, ...] = (
    "Spell {w} with dashes.", "Spell {w} with dashes between the letters.",
    "Spell the word {w} with hyphens between the letters.", "Write {w} with a dash between letters.",
    "Separate the letters of {w} with dashes.", "Spell {w}, separated by hyphens.",
    "Put dashes between the letters of {w}.", "Split {w} into letters with dashes.", "Spell the word {w} using dashes.",
    "Join the letters of {w} with hyphens.",
)  # fmt: skip

REVERSE_TEMPLATES: tuple[str, ...] = (
    "Reverse {w}.", "Reverse {w}", "Reverse the word {w}.", "Reverse the word {w}", "reverse: {w}",
    "Reverse this word: {w}", "Reverse the string {w}.", "Reverse the letters of {w}.", "Reverse the letters in {w}.",
    "Reverse the letters in the word {w}.", "Reverse the order of the letters in {w}.", "Please reverse {w}.",
    "Please reverse the word {w}.", "Can you reverse {w}?", "Can you reverse the word {w}?",
    "Can you reverse {w} for me?", "Could you reverse {w}?", "Could you reverse the word {w} for me?",
    "Would you reverse {w}?", "Write {w} backwards.", "Write the word {w} backwards.", "Write {w} in reverse.",
    "Write {w} in reverse order.", "Write the letters of {w} in reverse order.", "Write {w} from back to front.",
    "Write {w} from the end to the start.", "Write {w} from right to left.", "Spell {w} backwards.",
    "Spell the word {w} backwards.", "Spell {w} in reverse.", "Can you spell {w} backwards?",
    "Can you write {w} backwards?", "Could you write {w} backwards for me?", "How do you spell {w} backwards?",
    "How do you write {w} backwards?", "How is {w} written backwards?", "How is {w} spelled backwards?",
    "What is {w} backwards?", "What is {w} reversed?", "What is {w} spelled backwards?", "What is {w} in reverse?",
    "What is the reverse of {w}?", "What is the word {w} backwards?", "What is the word {w} written backwards?",
    "What does {w} look like backwards?", "What does {w} become when reversed?", "What do you get if you reverse {w}?",
    "What do you get when you write {w} backwards?", "What word do you get when you reverse {w}?",
    "Give me {w} backwards.", "Give me {w} reversed.", "Give me the reverse of {w}.",
    "Give me the word {w} in reverse.", "Give the reverse of the word {w}.", "Tell me {w} backwards.",
    "Tell me what {w} is backwards.", "Tell me the reverse of {w}.", "Say {w} backwards.",
    "Say the word {w} backwards.", "Show {w} backwards.", "Show me {w} reversed.", "Show me the word {w} backwards.",
    "Print {w} backwards.", "Print {w} reversed.", "Return {w} reversed.", "Return the reverse of {w}.",
    "Output {w} backwards.", "Flip {w}.", "Flip the word {w}.", "Flip the letters of {w}.", "Flip {w} around.",
    "Turn {w} around.", "Turn the word {w} around.", "Turn {w} backwards.", "Turn the letters of {w} around.",
    "Mirror the word {w}.", "Mirror {w}.", "Read {w} from right to left.", "Read {w} backwards.",
    "Read the word {w} from the end.", "If you read {w} backwards, what do you get?",
    "If I reverse {w}, what do I get?", "If I write {w} backwards, what is it?", "The word is {w}. Reverse it.",
    "The word is {w}. Write it backwards.", "The word is {w}. What is it backwards?",
    "Here is a word: {w}. Reverse it.", "Here is a word: {w}. Spell it backwards.", "Take {w} and reverse it.",
    "Take the word {w} and write it backwards.", "Given the word {w}, reverse it.", "Given {w}, return it backwards.",
    "I want {w} backwards.", "I need {w} reversed.", "{w} backwards?", "{w} backwards", "{w} reversed",
    "{w} in reverse?", "{w}: reverse it", "{w}: write it backwards.", "Put the letters of {w} in reverse order.",
    "List the letters of {w} backwards as one word.", "Start from the last letter and write {w}.",
    "Invert the word {w}.",
)  # fmt: skip

NTH_TEMPLATES: tuple[str, ...] = (
    "What is the {n} letter of {w}?", "What is the {n} letter of the word {w}?", "What is the {n} letter in {w}?",
    "What is the {n} letter in the word {w}?", "what's the {n} letter of {w}", "What's the {n} letter in {w}?",
    "What letter is {n} in {w}?", "What letter comes {n} in {w}?", "What letter comes {n} in the word {w}?",
    "Which letter is {n} in {w}?", "Which letter is the {n} in {w}?", "Which letter is the {n} one in {w}?",
    "Which letter is the {n} letter of {w}?", "Which letter comes {n} in {w}?",
    "Which letter comes {n} in the word {w}?", "Which is the {n} letter of {w}?",
    "Which is the {n} letter in the word {w}?", "Which character is {n} in {w}?", "What is the {n} character of {w}?",
    "What is the {n} character in {w}?", "Give me the {n} letter of {w}.", "Give me the {n} letter in {w}.",
    "Give the {n} letter of the word {w}.", "Give me the {n} character of {w}.", "Tell me the {n} letter of {w}.",
    "Tell me the {n} letter in the word {w}.", "Tell me which letter is {n} in {w}.",
    "Tell me what the {n} letter of {w} is.", "Find the {n} letter of {w}.", "Find the {n} letter in {w}.",
    "Find the {n} letter of the word {w}.", "Name the {n} letter of {w}.", "Name the {n} letter in the word {w}.",
    "Say the {n} letter of {w}.", "Show the {n} letter of {w}.", "Show me the {n} letter in {w}.",
    "Write the {n} letter of {w}.", "Write down the {n} letter of {w}.", "Pick the {n} letter of {w}.",
    "Pick out the {n} letter of the word {w}.", "Return the {n} letter of {w}.", "Print the {n} letter of {w}.",
    "Take the {n} letter of {w}.", "Please give me the {n} letter of {w}.", "Please tell me the {n} letter of {w}.",
    "Can you tell me the {n} letter of {w}?", "Can you give me the {n} letter in {w}?",
    "Can you find the {n} letter of {w}?", "Could you tell me the {n} letter in the word {w}?",
    "Could you name the {n} letter of {w}?", "Do you know the {n} letter of {w}?",
    "Do you know which letter is {n} in {w}?", "I need the {n} letter of {w}.",
    "I want the {n} letter of the word {w}.", "In {w}, what is the {n} letter?",
    "In the word {w}, what is the {n} letter?", "In the word {w}, which letter is {n}?",
    "In {w}, which letter comes {n}?", "The word is {w}. What is its {n} letter?",
    "The word is {w}. What is the {n} letter?", "The word is {w}. Which letter is {n}?",
    "Here is a word: {w}. What is the {n} letter?", "Take the word {w}. What is the {n} letter?",
    "Look at {w}. Which letter is {n}?", "Look at the word {w}. What is the {n} letter?",
    "Given the word {w}, what is the {n} letter?", "Given {w}, name the {n} letter.",
    "If you spell {w}, which letter is {n}?", "When I write {w}, what is the {n} letter?", "{n} letter of {w}?",
    "{n} letter of {w}", "{n} letter in {w}?", "{w}: {n} letter?", "{w}: what is the {n} letter?",
    "The {n} letter of {w} is what?", "The {n} letter in {w} is?", "Read {w} and give me the {n} letter.",
)  # fmt: skip
NUMBER_TEMPLATES: tuple[str, ...] = (
    "What is letter {i} of {w}?", "What is letter number {i} in {w}?", "Which letter is number {i} in {w}?",
    "Give me letter number {i} of {w}.", "Which letter is at position {i} in {w}?",
    "What letter is at position {i} of {w}?", "Tell me letter {i} of the word {w}.",
    "Which letter is in place {i} in {w}?", "What is the letter at position {i} in the word {w}?",
    "Find letter {i} in {w}.", "Find the letter at position {i} of {w}.", "In {w}, which letter is number {i}?",
    "Position {i} in {w}: which letter?",
)  # fmt: skip
START_TEMPLATES: tuple[str, ...] = (
    "What letter does {w} start with?", "What letter does the word {w} start with?",
    "Which letter does {w} start with?", "Which letter does {w} begin with?", "What letter does {w} begin with?",
    "With which letter does {w} begin?", "{w} starts with which letter?", "{w} begins with what letter?",
    "With what letter does {w} start?", "Tell me the letter {w} starts with.",
)  # fmt: skip
END_TEMPLATES: tuple[str, ...] = (
    "What letter does {w} end with?", "What letter does the word {w} end with?", "Which letter does {w} end with?",
    "Which letter does {w} end in?", "What letter does {w} end in?", "With which letter does {w} end?",
    "{w} ends with which letter?", "{w} ends in what letter?", "With what letter does {w} end?",
    "Tell me the letter {w} ends with.",
)  # fmt: skip

WORDS_TEMPLATES: tuple[str, ...] = (
    "How many words are in this sentence: {s}", "How many words are in the sentence {s}",
    "How many words are in the following sentence: {s}", "How many words are there in this sentence: {s}",
    "How many words are there in: {s}", "How many words are in: {s}", "How many words does this sentence have: {s}",
    "How many words does this sentence contain: {s}", "How many words does this text have: {s}",
    "How many words does the sentence have: {s}", "How many words does the following text contain: {s}",
    "How many words do you count here: {s}", "How many words do you see: {s}", "How many words is this: {s}",
    "How many words long is this: {s}", "how many words: {s}", "How many words? {s}", "How many words are these: {s}",
    "How many words are in this text: {s}", "How many words are in this line: {s}",
    "How many words are in this phrase: {s}", "Count the words: {s}", "Count the words in this sentence: {s}",
    "Count the words in the sentence: {s}", "Count the words in the following sentence: {s}",
    "Count the words in this text: {s}", "Count the words in this line: {s}", "Count the words here: {s}",
    "Count the words of this sentence: {s}", "Count the number of words: {s}",
    "Count the number of words in this sentence: {s}", "Count how many words are here: {s}",
    "Count how many words this sentence has: {s}", "Count all words in this: {s}", "count words: {s}",
    "Please count the words: {s}", "Please count the words in this sentence: {s}",
    "Please count how many words are in this: {s}", "Can you count the words in this sentence: {s}",
    "Can you count the words: {s}", "Can you tell me how many words this is: {s}",
    "Could you count the words in this text: {s}", "Could you count these words: {s}",
    "Tell me how many words are in this sentence: {s}", "Tell me the number of words: {s}",
    "Tell me how many words this has: {s}", "Find the number of words in this sentence: {s}",
    "Find how many words are here: {s}", "Give me the number of words in this sentence: {s}",
    "Give me the word count: {s}", "Give the word count of this sentence: {s}", "What is the word count: {s}",
    "What is the word count of this sentence: {s}", "What is the number of words in this sentence: {s}",
    "What is the number of words in the text: {s}", "Word count: {s}", "Number of words: {s}",
    "The sentence is: {s} How many words does it have?", "The text is: {s} How many words is that?",
    "Here is a sentence: {s} How many words does it have?", "Here is a sentence: {s} Count the words.",
    "Read this: {s} How many words are there?", "Read this sentence: {s} How many words did you read?",
    "Look at this sentence: {s} How many words are in it?", "I wrote: {s} How many words is that?",
    "I wrote this: {s} Count the words.", "My sentence is: {s} Count its words.",
    "Given this sentence, count the words: {s}", "Given the text, how many words are there: {s}",
    "Do you know how many words this has: {s}", "I want to know how many words are here: {s}",
    "Say how many words this sentence has: {s}", "For this sentence, give the number of words: {s}",
    "Measure this sentence in words: {s}", "Determine the number of words: {s}",
)  # fmt: skip

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

_KNOWN_TRICKY = (
    "strawberry", "raspberry", "blueberry", "banana", "mississippi", "bookkeeper", "committee", "cinnamon", "address",
    "success", "balloon", "coffee", "letter", "pepper", "puppy", "hello", "apple", "cheese", "google", "tomorrow",
    "assassin", "possess", "giraffe", "bubble", "rabbit", "parallel", "occurrence", "millennium", "embarrass",
    "cappuccino", "mayonnaise", "tattoo", "raccoon", "bamboo", "igloo", "elephant", "lollipop", "programming",
    "computer", "python", "language", "model", "intelligence", "artificial", "robot", "alphabet", "chocolate",
    "butterfly", "university", "pineapple", "watermelon", "different", "beautiful",
)  # fmt: skip
_REPEATING = tuple(w for w in (*lexicon.COMMON_WORDS, *_KNOWN_TRICKY) if max(map(w.count, w)) >= 2)


def _word(rng: random.Random) -> str:
    return rng.choice(_KNOWN_TRICKY) if rng.random() < 0.06 else lexicon.random_word(rng)


def _cased(rng: random.Random, word: str) -> str:
    roll = rng.random()
    return word.capitalize() if roll < 0.06 else word.upper() if roll < 0.09 else word


def _quoted(rng: random.Random, word: str) -> str:
    roll = rng.random()
    if roll < 0.45:
        return f'"{word}"'
    if roll < 0.6:
        return f"'{word}'"
    return word


def _ask(wording: Wording, templates: tuple[str, ...], word: str, **values: str) -> str:
    return dress(wording, wording.pick(templates).format(w=_quoted(wording.rng, word), **values))


def _example(question: str, word: str, trace: str, answer: str, key: str) -> Example:
    """Letters keep their case in the working, so that a word with capitals must not be lower-cased by wording noise."""
    return Example(user(question), trace, answer, key, fixed_wording=word != word.lower())


def _plural(rng: random.Random, letter: str) -> str:
    roll = rng.random()
    if roll < 0.12:
        return f"'{letter}'s"
    if roll < 0.2:
        return f'"{letter}"s'
    if roll < 0.28 and letter not in "aiou":
        return f"{letter}s"
    if roll < 0.34:
        return f"letters {letter}"
    return f"{letter}'s"


def count_letter_example(rng: random.Random, wording: Wording) -> Example:
    lower = rng.choice(_REPEATING) if rng.random() < 0.4 else _word(rng)
    roll = rng.random()
    if roll < 0.45:
        most = max(map(lower.count, lower))
        letter = rng.choice([x for x in lower if lower.count(x) == most])
    elif roll < 0.75:
        letter = rng.choice(lower)
    else:
        letter = rng.choice("abcdefghiklmnoprstuvwy")
    word = _cased(rng, lower)
    shown = letter.upper() if word.isupper() or rng.random() < 0.04 else letter
    quoted = f'"{shown}"' if rng.random() < 0.3 else f"'{shown}'" if rng.random() < 0.2 else shown
    question = _ask(wording, LETTER_TEMPLATES, word, c=quoted, cs=_plural(rng, shown))
    return _example(
        question,
        word + shown,
        "\n".join(workings.count_letter(word, letter)),
        str(lower.count(letter)),
        f"{lower}|{letter}",
    )


def length_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    return _example(_ask(wording, LENGTH_TEMPLATES, word), word, workings.numbered(word), str(len(word)), lower)


def spell_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    templates, joint = (SPELL_DASH_TEMPLATES, "-") if rng.random() < 0.06 else (SPELL_TEMPLATES, " ")
    return _example(_ask(wording, templates, word), word, workings.numbered(word), joint.join(word), lower)


def reverse_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    trace = f"{workings.numbered(word)}\n{workings.numbered_backwards(word)}"
    return _example(_ask(wording, REVERSE_TEMPLATES, word), word, trace, word[::-1], lower)


def nth_letter_example(rng: random.Random, wording: Wording) -> Example:
    """Up to the asked place the word is spelt; for its end, all of it."""
    lower = _word(rng)
    word = _cased(rng, lower)
    roll = rng.random()
    if roll < 0.25:
        place, name = len(word), "last"
        question = _ask(wording, END_TEMPLATES, word) if roll < 0.06 else _ask(wording, NTH_TEMPLATES, word, n=name)
    elif roll < 0.32:
        place = 1
        question = _ask(wording, START_TEMPLATES, word)
    else:
        place = rng.randint(1, min(len(word), 10))
        suffix = {1: "st", 2: "nd", 3: "rd"}.get(place, "th")
        if roll < 0.42:
            question = _ask(wording, NUMBER_TEMPLATES, word, i=str(place))
        else:
            question = _ask(wording, NTH_TEMPLATES, word, n=f"{place}{suffix}" if roll < 0.55 else ORDINALS[place - 1])
    return _example(question, word, workings.numbered(word[:place]), word[place - 1], f"{lower}|{place}")


_SUBJECTS = (
    "the dog", "the cat", "a bird", "my friend", "the teacher", "our house", "the boy", "the girl", "a man",
    "the old woman", "my little sister", "his brother", "the big red car", "the children", "we", "they", "I", "you",
    "the king", "the small black horse", "a good book", "the new student", "her mother",
)  # fmt: skip
_VERBS = (
    "saw", "found", "likes", "has", "made", "took", "wants", "lost", "bought", "needs", "helped", "left", "knows",
    "can see", "did not find", "will never forget", "is looking for", "sold",
)  # fmt: skip
_THINGS = (
    "the ball", "a cake", "the key", "two apples", "some water", "the door", "a new book", "the old clock", "a letter",
    "nothing", "the blue coat", "three green boxes", "a very long story", "it", "them", "the red house",
    "some good food",
)  # fmt: skip
_WHERE = (
    "", "in the garden", "at home", "near the river", "in the park", "on the table", "at school", "under the tree",
    "in the city", "here", "by the sea", "behind the house",
)  # fmt: skip
_WHEN = (
    "", "today", "yesterday", "in the morning", "last night", "every day", "again", "on Monday", "last week",
    "after dinner", "when it rained",
)  # fmt: skip
_BARE = (
    "red", "blue", "cat", "dog", "sun", "moon", "tree", "book", "car", "green", "house", "water", "fire", "bird",
    "fish", "apple", "table", "happy", "big", "small", "one", "two", "three", "day", "night", "go", "stop", "yes", "no",
    "hello",
)  # fmt: skip


def sentence(rng: random.Random) -> str:
    """Words of a small vocabulary, in the order of an English sentence or, at times, in none."""
    if rng.random() < 0.2:
        return " ".join(rng.choice(_BARE) for _ in range(rng.randint(2, 9)))
    words = [rng.choice(_SUBJECTS)]
    if rng.random() < 0.2:
        words.insert(0, rng.choice(lexicon.FIRST_NAMES) + " and")
    elif rng.random() < 0.2:
        words[0] = rng.choice(lexicon.FIRST_NAMES)
    words.append(rng.choice(_VERBS))
    if rng.random() < 0.9:
        words.append(rng.choice(_THINGS))
    words += [rng.choice(_WHERE), rng.choice(_WHEN)]
    text = " ".join(" ".join(words).split())
    if rng.random() < 0.1:
        text += " and " + rng.choice(_VERBS) + " " + rng.choice(_THINGS)
    return text[0].upper() + text[1:] if rng.random() < 0.8 else text


def count_words_example(rng: random.Random, wording: Wording) -> Example:
    """The sentence is copied with a number before each word, in quotes where the question quotes it."""
    text = sentence(rng)
    words = text.split()
    end = rng.choice((".", ".", "", "", "!"))
    quoted = rng.random() < 0.4
    template = wording.pick(WORDS_TEMPLATES)
    if not quoted and not end and not template.endswith("{s}"):
        end = "."
    shown = f'"{text}{end}"' if quoted else text + end
    if quoted and template.endswith("{s}") and rng.random() < 0.4:
        template = template.replace(": {s}", " {s}")
        shown += "?" if template.startswith(("How", "Can", "Could", "What", "Do ")) else ""
    question = template.format(s=shown)
    if not question.endswith(shown):
        question = dress(wording, question)
    trace = "".join(f"{place} {word}" for place, word in enumerate(words, 1))
    return Example(user(question), f'"{trace}"' if quoted else trace, str(len(words)), text.lower(), fixed_wording=True)


TASKS: list[Task] = [
    Task("count_letter", count_letter_example, weight=1.2, off_share=0.3),
    Task("count_length", length_example, off_share=0.35, multi_step=False),
    Task("count_words", count_words_example, off_share=0.3),
    Task("spell", spell_example, weight=0.8, off_share=0.35, multi_step=False),
    Task("reverse", reverse_example, weight=1.2, off_share=0.35),
    Task("nth_letter", nth_letter_example, weight=1.0, off_share=0.4, multi_step=False),
]
