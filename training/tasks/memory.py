"""Facts told earlier in the conversation and asked for later; knows no other document."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from training.tasks import lexicon_scenes as lex
from training.tasks.base import Example, Messages, Task, Wording

NOT_TOLD = "You have not told me that."


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a user may tell: how it is said, changed and asked for. {v} is the value."""

    name: str
    make: Callable[[random.Random], str]
    told: tuple[str, ...]
    changed: tuple[str, ...]
    asked: tuple[str, ...]


def _pick(words: list[str]) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(words)


def _number(low: int, high: int) -> Callable[[random.Random], str]:
    return lambda rng: str(rng.randint(low, high))


def _city(rng: random.Random) -> str:
    return lex.pseudo_word(rng).capitalize() if rng.random() < 0.15 else rng.choice(lex.CITIES)


FACTS: tuple[Fact, ...] = (
    Fact("name", lex.person,
         ("My name is {v}.", "I am {v}.", "I'm {v}.", "Call me {v}.", "Hi, my name is {v}.", "Hello, I am {v}.", "{v} is my name.", "You can call me {v}.", "People call me {v}.", "Hey, this is {v}.", "my name is {v}"),
         ("Sorry, my name is {v}.", "No, my name is {v}.", "From now on call me {v}.", "Please call me {v} instead.", "My real name is {v}."),
         ("What is my name?", "Who am I?", "Do you know my name?", "What's my name?", "Tell me my name.", "What did I say my name is?", "Do you remember my name?", "How am I called?", "What name did I give you?", "Say my name.", "Can you tell me my name?", "what is my name")),
    Fact("color", _pick(lex.COLORS),
         ("My favorite color is {v}.", "I like the color {v}.", "My favourite colour is {v}.", "I love {v}, it is my color.", "The color I like best is {v}.", "{v} is my favorite color.", "My color is {v}.", "I like {v} most of all colors."),
         ("Now my favorite color is {v}.", "I changed my mind, my color is {v}.", "No, my favorite color is {v}.", "Actually my favorite color is {v}."),
         ("What is my favorite color?", "Which color do I like?", "What color do I like?", "What's my favorite color?", "Do you remember my favorite color?", "Tell me my favorite color.", "What is my favourite colour?", "Which color is mine?", "What color did I say I like?", "My favorite color?")),
    Fact("city", _city,
         ("I live in {v}.", "My city is {v}.", "I am from {v}.", "My home is in {v}.", "I come from {v}.", "I have a flat in {v}.", "My home town is {v}.", "I live in the city of {v}."),
         ("Now I live in {v}.", "I moved to {v}.", "Actually I live in {v}.", "Since today my home is {v}."),
         ("Where do I live?", "In which city do I live?", "What is my city?", "Which city am I in?", "Do you know where I live?", "Tell me where I live.", "Where is my home?", "What city did I say I live in?", "Where am I from?", "Name my city.")),
    Fact("age", _number(5, 95),
         ("I am {v} years old.", "My age is {v}.", "I'm {v} years old.", "I turned {v} today.", "I am {v}.", "I have been {v} since May.", "Today I am {v} years old."),
         ("Now I am {v} years old.", "Sorry, I am {v} years old.", "Actually I am {v}.", "Today I turned {v}."),
         ("How old am I?", "What is my age?", "Do you know how old I am?", "What's my age?", "Tell me my age.", "What age did I tell you?", "How many years old am I?", "Say how old I am.", "My age?")),
    Fact("pet", lambda rng: rng.choice(lex.PET_NAMES),
         ("My pet is called {v}.", "The name of my pet is {v}.", "I have a pet called {v}.", "My pet's name is {v}.", "We call our pet {v}.", "I have a pet, its name is {v}.", "My dog is called {v}, he is my pet."),
         ("Now my pet is called {v}.", "I have a new pet called {v}.", "Actually my pet is called {v}.", "My pet's new name is {v}."),
         ("What is the name of my pet?", "What is my pet called?", "What's my pet's name?", "Do you remember the name of my pet?", "Tell me the name of my pet.", "How is my pet called?", "What do I call my pet?", "Name my pet.", "Which name does my pet have?")),
    Fact("animal", _pick(lex.PETS),
         ("I have a {v}.", "I own a {v}.", "My animal is a {v}.", "At home I have a {v}.", "The animal I have is a {v}.", "I keep a {v}.", "I got a {v} last year."),
         ("Now I have a {v}.", "My new animal is a {v}.", "Actually my animal is a {v}.", "Instead I have a {v} now."),
         ("What animal do I have?", "Which animal do I own?", "What kind of animal do I have?", "Which animal do I have at home?", "Tell me which animal I have.", "Do you know what animal I have?", "What animal did I say I have?", "Which animal lives with me?")),
    Fact("number", _number(1, 9999),
         ("My number is {v}.", "Remember the number {v}.", "The number is {v}.", "Keep this number: {v}", "My lucky number is {v}.", "Please remember {v}.", "Store the number {v}.", "Note the number {v}."),
         ("The new number is {v}.", "Now the number is {v}.", "Change the number to {v}.", "No, the number is {v}."),
         ("What is the number?", "Which number did I give you?", "What number did I tell you?", "What is my number?", "Tell me the number.", "Do you remember the number?", "Give me the number.", "What was the number?", "Repeat the number.", "Which number should you remember?")),
    Fact("food", _pick(lex.FOODS),
         ("My favorite food is {v}.", "I love to eat {v}.", "I like {v}, it is my favorite food.", "The food I like best is {v}.", "{v} is my favorite food.", "I eat {v} every day.", "For lunch I eat {v}."),
         ("Now my favorite food is {v}.", "Actually my favorite food is {v}.", "These days I eat {v}.", "I changed my mind, my favorite food is {v}."),
         ("What is my favorite food?", "Which food do I like?", "What do I like to eat?", "What food do I like?", "Tell me my favorite food.", "Do you remember my favorite food?", "What do I eat?", "What's my favorite food?", "Which food did I name?")),
    Fact("job", lambda rng: rng.choice(lex.JOBS),
         ("I work as a {v}.", "My job is {v}.", "I am a {v}.", "I'm a {v} by trade.", "My work is {v}.", "I earn my money as a {v}.", "I have a job as a {v}."),
         ("Now I work as a {v}.", "I have a new job as a {v}.", "Actually my job is {v}.", "I changed my job to {v}."),
         ("What is my job?", "What do I work as?", "Which job do I have?", "What's my job?", "Tell me my job.", "Do you know my job?", "What work do I do?", "Which job did I tell you?", "What am I by trade?")),
    Fact("sport", _pick(lex.SPORTS),
         ("I play {v}.", "My sport is {v}.", "My favorite sport is {v}.", "The sport I like is {v}.", "I do {v} as a sport.", "In sport I like {v}.", "{v} is my sport."),
         ("Now I play {v}.", "Now my sport is {v}.", "Actually my sport is {v}.", "I changed to {v} as my sport."),
         ("What sport do I play?", "Which sport do I like?", "What is my sport?", "What is my favorite sport?", "Tell me my sport.", "Do you remember my sport?", "Which sport do I do?", "What sport did I name?")),
    Fact("friend", lex.person,
         ("My friend is called {v}.", "My best friend is {v}.", "I have a friend called {v}.", "The name of my friend is {v}.", "My friend's name is {v}.", "{v} is my best friend.", "I have a good friend, {v}."),
         ("Now my best friend is {v}.", "Actually my best friend is {v}.", "My new best friend is {v}.", "No, my friend is called {v}."),
         ("Who is my friend?", "What is the name of my friend?", "Who is my best friend?", "What is my friend called?", "Tell me the name of my friend.", "Do you remember my friend?", "What's my friend's name?", "Which friend did I tell you about?")),
    Fact("code", lex.code,
         ("The code is {v}.", "My code is {v}.", "Remember the code {v}.", "The door code is {v}.", "Keep the code {v} in mind.", "Here is the code: {v}", "The secret code is {v}."),
         ("The new code is {v}.", "Now the code is {v}.", "Change the code to {v}.", "No, the code is {v}."),
         ("What is the code?", "Which code did I give you?", "What code did I tell you?", "What is my code?", "Tell me the code.", "Do you remember the code?", "Give me the code.", "What was the code?", "Repeat the code.")),
    Fact("day", _pick(list(lex.DAYS)),
         ("My day off is {v}.", "I am free on {v}.", "I have time on {v}.", "On {v} I am free.", "My free day is {v}.", "The day I am free is {v}.", "I do not work on {v}."),
         ("Now my free day is {v}.", "Actually I am free on {v}.", "My new free day is {v}.", "No, my day off is {v}."),
         ("On which day am I free?", "What is my free day?", "When am I free?", "Which day is my day off?", "Tell me my free day.", "Do you know when I am free?", "When do I have time?", "What is my day off?")),
    Fact("drink", _pick(lex.DRINKS),
         ("I drink {v}.", "My favorite drink is {v}.", "I like to drink {v}.", "The drink I like is {v}.", "In the morning I drink {v}.", "{v} is my favorite drink.", "I always drink {v}."),
         ("Now I drink {v}.", "Actually my favorite drink is {v}.", "These days I drink {v}.", "My new favorite drink is {v}."),
         ("What do I drink?", "What is my favorite drink?", "Which drink do I like?", "What do I like to drink?", "Tell me my favorite drink.", "Do you remember my drink?", "What's my favorite drink?", "Which drink did I name?")),
    Fact("language", _pick(lex.words("English French German Spanish Italian Polish Greek Turkish Dutch Korean Hindi Arabic")),
         ("I speak {v}.", "My language is {v}.", "At home we speak {v}.", "I am learning {v}.", "The language I speak is {v}.", "I grew up with {v}.", "I study the language {v}."),
         ("Now I speak {v}.", "Actually I speak {v}.", "Now my language is {v}.", "No, my language is {v}."),
         ("What language do I speak?", "Which language do I speak?", "What is my language?", "Tell me my language.", "Do you remember my language?", "Which language did I name?", "What language did I say?")),
)  # fmt: skip

ACKNOWLEDGED = (
    "OK.", "Thank you.", "Good to know.", "I will remember that.", "Noted.", "Nice!", "All right.", "Thanks for telling me.", "Got it.", "I see.", "Nice to meet you.", "That is nice.", "Sure.", "Great.",
)  # fmt: skip
ASIDES: tuple[tuple[str, str], ...] = (
    ("How are you?", "I am fine, thank you. How can I help?"), ("Hello!", "Hello! How can I help you?"), ("What is 2 + 3?", "5"), ("What is 4 + 4?", "8"), ("Thanks!", "You are welcome!"), ("Are you there?", "Yes, I am here."),
    ("What is 9 - 2?", "7"), ("Hi", "Hello! How can I help you?"), ("Is 8 bigger than 3?", "Yes."), ("It is a nice day.", "I see."), ("I like you.", "Thank you!"), ("Wait a moment.", "OK."), ("Spell cat.", "c a t"),
)  # fmt: skip
ASK_FRAMES = (
    "{q}", "{q}", "{q}", "{q}", "Now: {q}", "So, {q}", "One question. {q}", "Let me test you. {q}", "Do you remember? {q}", "And now: {q}", "I forgot. {q}", "Please help me. {q}", "OK. {q}", "Quick test: {q}", "Tell me, {q}", "Now a question: {q}", "{q} Answer briefly.", "{q} Please answer.",
)  # fmt: skip


def remember(rng: random.Random, wording: Wording) -> Example:
    """Two to four earlier turns with facts, then a question about one of them, or about something never told."""
    facts = rng.sample(FACTS, rng.randint(3, 5))
    told, missing = facts[: rng.choices((1, 2, 3, 4), (12, 38, 35, 15))[0]], facts[-1]
    told = [fact for fact in told if fact is not missing]
    if {"pet", "animal"} <= {fact.name for fact in facts}:
        return remember(rng, wording)
    known: dict[str, tuple[str, str]] = {}
    turns: list[str] = []
    pending: list[str] = []
    for fact in told:
        value = fact.make(rng)
        sentence = lex.articled(wording.pick(fact.told).format(v=value))
        sentence = sentence[0].upper() + sentence[1:]
        known[fact.name] = (value, sentence)
        if pending or rng.random() < 0.7:
            turns.append(rng.choice((" ", "\n", " ")).join([*pending, sentence]))
            pending = []
        else:
            pending = [sentence]
    if pending:
        turns.append(pending[0])
    if rng.random() < 0.22:
        fact = rng.choice(told)
        value = fact.make(rng)
        sentence = lex.articled(wording.pick(fact.changed).format(v=value))
        known[fact.name] = (value, sentence)
        turns.append(sentence)
    messages: Messages = []
    for turn in turns:
        messages += [{"role": "user", "content": turn}, {"role": "assistant", "content": rng.choice(ACKNOWLEDGED)}]
    if rng.random() < 0.25:
        question, reply = rng.choice(ASIDES)
        at = 2 * rng.randint(0, len(turns))
        messages[at:at] = [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
    if rng.random() < 0.15:
        fact = missing
        trace, answer = f"{fact.name}: not told", NOT_TOLD
    else:
        fact = rng.choice(told)
        answer, sentence = known[fact.name]
        trace = f"{fact.name}: {sentence}\n{answer}"
    frame, question = wording.pick(ASK_FRAMES), wording.pick(fact.asked)
    asked = frame.format(q=question[0].lower() + question[1:] if frame.endswith(", {q}") else question)
    if len(messages) <= 4 and rng.random() < 0.12:
        # All in one message: the facts, then the question.
        messages = [{"role": "user", "content": f"{' '.join(turns)} {asked}"}]
    else:
        messages.append({"role": "user", "content": asked})
    if rng.random() < 0.1:
        messages.insert(0, {"role": "system", "content": "You are a helpful assistant with a good memory."})
    key = f"{[(name, value) for name, (value, _) in known.items()]} {fact.name}"
    return Example(messages, trace, answer, key, fixed_wording=True)


TASKS = [Task("remember", remember, weight=1.3, off_share=0.4, multi_step=False)]
