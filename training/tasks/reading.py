"""Looking a value up in a short document or table, and extracting fields as JSON; knows no arithmetic.

A lookup's trace quotes what is asked, copies the row that holds it and ends in the value. Where the value is asked about
and the key is wanted, the rows are walked from the top, each with its verdict.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.phrasings.extraction import DRILLED_TEXTS, EXTRACT_ASK, EXTRACT_FRAMES, EXTRACT_TEXTS
from training.phrasings.lookup import FRAMES, GENERIC_ASK, GENERIC_BACK, PAIR_FORMS, TABLE_ASK
from training.tasks import lexicon_scenes as lex
from training.tasks import workings
from training.tasks.base import Example, Task, Wording, template_is_held_out, user, worked

Make = Callable[[random.Random], str]

_LONGEST = 480
"""Characters of a question and its trace together."""
_LONGEST_OF_SEVERAL = 400
"""Characters of a list with several questions."""


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
        ("{k} lives in {v}.", "{k} is from {v}.", "{k} comes from {v}.", "{k} moved to {v}.", "{k} works in {v}.", "{k} was born in {v}.", "The home of {k} is {v}.", "{k} has a home in {v}.", "{k} stays in {v}.", "{k} is in {v}.", "{k} is now in {v}.", "{k} has a house in {v}.", "The city of {k} is {v}.", "The home town of {k} is {v}.", "In {v} lives {k}.", "You can find {k} in {v}.", "{k} grew up in {v}.", "{k} has lived in {v} for years.", "{v} is the home of {k}.", "{v} is the city of {k}.", "{k} calls {v} home.", "{k} went to live in {v}."),
        ("Where does {k} live?", "In which city does {k} live?", "Which city is {k} in?", "Where is {k} from?", "What is the city of {k}?", "Where can I find {k}?", "What city belongs to {k}?", "Where is {k}?", "{k} lives where?", "Which city goes with {k}?", "What city is {k} in?", "What city is {k} from?", "Which town is {k} from?", "What city does {k} live in?", "Which town does {k} live in?", "In what city can I find {k}?", "Where does {k} stay?", "Where is the home of {k}?", "Where does {k} come from?", "{k} is from where?", "{k} is in which city?", "{k}: which city?", "City of {k}?", "{k} - where?", "I can't find the city of {k}.", "Do you know the home of {k}?", "Please look up the town of {k}.", "{k}'s city please.", "Tell me the city where {k} lives, please.", "Please name the city of {k}.", "Please give me the home of {k}.", "Can you find the town of {k}?", "Write {k}'s city.", "Let me know the city where {k} lives.", "I need to know the city of {k}.", "Can you tell me where {k} lives?", "I want to know where {k} is from.", "Check for me which city {k} lives in.", "Check in which town {k} lives.", "Do you know where I can find {k}?", "I'd like to know where {k} comes from.", "My question is where {k} lives.", "Please look up where {k} is from.", "Can you find out which city {k} lives in?", "Please tell me in which town {k} lives.", "Can you look up where I can find {k}?"),
        ("Who lives in {v}?", "Who is from {v}?", "Which person is in {v}?", "Who is in {v}?", "Whose city is {v}?", "Name the person from {v}.", "Which name goes with {v}?", "Who comes from {v}?", "Who stays in {v}?", "Which person lives in {v}?", "Which person comes from {v}?", "Who has a home in {v}?", "Whose home is {v}?", "Who can I find in {v}?", "Whose home is in {v}?", "{v} is the city of whom?", "Who is the person from {v}?", "In {v} lives who?", "Person in {v}?", "Can you give me the person from {v}?", "I want to know the person in {v}.", "Write the name of the person in {v}.", "And the name that goes with {v}?", "Quick question: what is the person from {v}?", "The person in {v} please.", "Sorry, what is the name of the person in {v}?", "Show me who lives in {v}.", "Could you please tell me who is from {v}?", "Find out which person lives in {v}.", "Can you tell me who comes from {v}?", "I need to know whose home is in {v}.", "I forgot who lives in {v}.", "Can you find out who is from {v}?", "Do you know which person lives in {v}?"),
        ("People:", "Where people live:", "Our friends:", "City list:", "Cities:", "Homes:", "Names and cities:", "Our people:", "Friends and cities:", "Home towns:", "Who lives where:", "People and places:"),
    ),
    Domain(
        ("name", "age"), lex.person, _number(3, 99),
        ("{k} is {v} years old.", "{k} is {v}.", "{k} turned {v}.", "The age of {k} is {v}.", "{k} is {v} years of age.", "{k} is now {v} years old.", "{k} is now {v}.", "{k} has an age of {v}.", "{k}, age {v}.", "{k} is aged {v}.", "At {v} years old, {k} is here too.", "{k}'s age is {v}.", "{k} just turned {v}.", "{k} turned {v} this year.", "{k} has turned {v}.", "{k} became {v} today.", "The age given for {k} is {v}.", "Our {k} is {v}."),
        ("How old is {k}?", "What is the age of {k}?", "What age is {k}?", "What is {k}'s age?", "Tell me how old {k} is.", "Give the age of {k}.", "Age of {k}?", "How many years old is {k}?", "{k} is how old?", "{k} is what age?", "What age does {k} have?", "What is the age for {k}?", "{k}'s age?", "How old is {k} now?", "How many years does {k} have?", "{k}: how old?", "{k}: what age?", "What is the number of years for {k}?", "How old did {k} turn?", "What age did {k} turn?", "Please name the age of {k}.", "Can you give me {k}'s age?", "Sorry, what is the age for {k}?", "I am looking for the age of {k}.", "What was {k}'s age again?", "I need the age for {k}.", "Please give me the age of {k}.", "And {k}'s age?", "I want the age for {k}.", "Can you find the age of {k}?", "Quick question: what is {k}'s age?", "My question is how old {k} is.", "Do you know what age {k} is?", "Could you please tell me how many years old {k} is?", "Can you find out which age {k} has?", "Help me find how old {k} is now.", "Please let me know how old {k} is.", "Please look up what age {k} is.", "Sorry, I forgot how many years old {k} is.", "Can you say which age {k} has?", "I can't remember how old {k} is now.", "Find out how old {k} is."),
        ("Who is {v} years old?", "Who is {v}?", "Which person is {v}?", "Whose age is {v}?", "Name the person who is {v}.", "Who has the age {v}?", "Who is {v} years of age?", "Which person is {v} years old?", "Which person has the age {v}?", "Who turned {v}?", "Who is aged {v}?", "Name the person aged {v}.", "Which name has the age {v}?", "The age {v} belongs to whom?", "{v} is the age of whom?", "Who is now {v}?", "Age {v}: who?", "Who of them is {v} years old?", "Quick question: what is the person who is {v}?", "Read out the person aged {v}.", "Can you find the person with the age {v}?", "I am looking for the name of the person who is {v} years old.", "I would like to know the person who is {v}.", "I need the person aged {v}.", "May I have the person with the age {v}?", "I want to know who is {v}.", "Can you see who is {v} years old?", "Hi, can you tell me which person is {v} years old?", "Help me find whose age is {v}.", "Please let me know who has the age {v}.", "Please say who is {v}.", "Find out who is {v} years old.", "I forgot which person is {v} years old."),
        ("Ages:", "People and ages:", "Our class:", "The team:", "How old they are:", "Names and ages:", "Age list:", "The ages:", "Our team:", "Our friends:", "Class list:", "Who is how old:"),
    ),
    Domain(
        ("item", "price"), _thing, _price,
        ("A {k} costs {v}.", "The {k} costs {v}.", "The {k} is {v}.", "The price of the {k} is {v}.", "For a {k} you pay {v}.", "One {k} costs {v}.", "Each {k} costs {v}.", "One {k} is {v}.", "A {k} is {v}.", "A {k} is sold for {v}.", "The {k} sells for {v}.", "You can buy a {k} for {v}.", "You can get the {k} for {v}.", "The cost of the {k} is {v}.", "The cost of a {k} is {v}.", "The price of a {k} is {v}.", "You pay {v} for the {k}.", "You pay {v} for a {k}.", "We sell the {k} for {v}.", "We ask {v} for a {k}.", "The {k} is worth {v}.", "Buy the {k} for {v}.", "Get a {k} for {v}."),
        ("How much is the {k}?", "What does the {k} cost?", "What is the price of the {k}?", "How much does a {k} cost?", "Price of the {k}?", "What do I pay for the {k}?", "How expensive is the {k}?", "Tell me the price of the {k}.", "How much for a {k}?", "How much does the {k} cost?", "How much is one {k}?", "What does one {k} cost?", "What is the cost of the {k}?", "What is the cost of one {k}?", "What price does the {k} have?", "Which price has the {k}?", "What do you ask for the {k}?", "How much do I pay for one {k}?", "How much must I pay for the {k}?", "What is the {k} worth?", "How much is the {k} worth?", "I want to buy one {k}. How much is it?", "I want to get the {k}. What does it cost?", "The {k} costs how much?", "The {k}: what price?", "Cost of the {k}?", "How much to buy the {k}?", "For how much can I get one {k}?", "For how much do you sell the {k}?", "How much money do I need for the {k}?", "Help me find the price of the {k}.", "Tell me the price of one {k}, please.", "Can you give me the cost of the {k}?", "Let me know the cost of one {k}.", "Can you look up the price for the {k} for me?", "Do you have the price of the {k}?", "Find the price of one {k}.", "Do you know the cost of the {k}?", "Please check the cost of one {k}.", "May I have the price for the {k}?", "The price of the {k}?", "Do you know how much the {k} costs?", "Let me know what the {k} costs.", "Please let me know how much one {k} is.", "Say what I pay for the {k}.", "Help me find how much I must pay for one {k}.", "Can you look up what the {k} is worth?", "Show me how much the {k} costs.", "Find out what the {k} costs.", "Can you tell me how much one {k} is?", "Check what I pay for the {k}.", "Check for me how much I must pay for one {k}."),
        ("Which item costs {v}?", "What costs {v}?", "What can I buy for {v}?", "Which item is {v}?", "What has the price {v}?", "What item costs {v}?", "Which item can I buy for {v}?", "Which item can I get for {v}?", "What can I get for {v}?", "What do I get for {v}?", "What is sold for {v}?", "What sells for {v}?", "Which item has the price {v}?", "Which item has a cost of {v}?", "Which thing costs {v}?", "The price {v} is for which item?", "The cost of what is {v}?", "For {v} I can buy what?", "What is worth {v}?", "I have {v}. Which item costs exactly that?", "I forgot the item that costs {v}.", "Check the item with the price {v} for me.", "Tell me the thing that costs {v}, please.", "The item I can buy for {v} please.", "I am looking for the item that costs {v}.", "Sorry, what is the item with the price {v}?", "Please show the thing that costs {v}.", "Can you look up which item costs {v}?", "Can you say what costs {v}?", "Say what I can buy for {v}.", "Please tell me what I can get for {v}.", "I wonder which item has the price {v}.", "I don't know which item costs {v}.", "I want to know what costs {v}.", "Can you see what I can buy for {v}?"),
        ("Prices:", "Menu:", "Price list:", "Shop:", "What things cost:", "Our prices:", "Costs:", "For sale:", "Things to buy:", "Items and prices:", "In the shop:", "Our shop:", "Sale:"),
    ),
    Domain(
        ("item", "stock"), _thing, _number(0, 400),
        ("We have {v} of the {k}.", "Of the {k} there are {v}.", "The {k} stock is {v}.", "In the {k} box are {v}.", "There are {v} of the {k}.", "There are {v} of the {k} left.", "We have {v} of the {k} left.", "We counted {v} of the {k}.", "The count of the {k} is {v}.", "The number of the {k} is {v}.", "The stock of the {k} is {v}.", "For the {k} we counted {v}.", "Of the {k} we have {v}.", "In stock are {v} of the {k}.", "{v} of the {k} are left.", "{v} of the {k} are in stock.", "The store has {v} of the {k}.", "We still have {v} of the {k}.", "The {k} count is {v}.", "Our stock of the {k} is {v}."),
        ("How many of the {k} are there?", "What is the stock of the {k}?", "How many of the {k} do we have?", "What is the count for {k}?", "How many are left of the {k}?", "Stock of {k}?", "Give the number for {k}.", "How many of the {k} are in stock?", "How many of the {k} are left?", "How many of the {k} do you have?", "How many of the {k} does the store have?", "What is the number of the {k}?", "What is the count of the {k}?", "What count does the {k} have?", "What stock do we have of the {k}?", "How much stock of the {k} is left?", "How much of the {k} do we have?", "The {k}: how many?", "Number of the {k}?", "Count of the {k}?", "How many of the {k} did we count?", "How large is the stock of the {k}?", "The total for the {k}?", "What is the total of the {k}?", "Of the {k}, how many are there?", "Of the {k}, how many do we have left?", "In total, how many of the {k} are there?", "Can you give me the stock of the {k}?", "Please check the number of the {k}.", "The count of the {k} please.", "I need to know the count for the {k}.", "I can't remember the total for the {k}.", "Could you tell me the stock of the {k}?", "I would like to know the number of the {k}.", "Please look up the count of the {k}.", "Sorry, what is the count for the {k}?", "So what is the total for the {k}?", "Give me the stock of the {k}.", "I can't remember how many of the {k} there are.", "Any idea how many of the {k} we have?", "Show me how many of the {k} are left.", "Please look up how many of the {k} are in stock.", "I need to know what the count of the {k} is.", "Check how many of the {k} there are.", "Can you find out how many of the {k} we have?", "Check for me how many of the {k} are left.", "Sorry, I forgot how many of the {k} are in stock.", "Help me find what the count of the {k} is.", "Say how many of the {k} there are."),
        ("Which item has {v} in stock?", "Which item has {v}?", "What do we have {v} of?", "Which item has the number {v}?", "What item has {v} in stock?", "Which item has {v} left?", "Which item has the count {v}?", "Which item has the stock {v}?", "What has the number {v}?", "What are there {v} of?", "Of which item are there {v}?", "Of which item do we have {v}?", "Of what do we have {v}?", "Which thing has {v} left?", "The count {v} is for which item?", "The number {v} belongs to which item?", "Of what are {v} left?", "Can you look up the item with {v} in stock for me?", "Find the item that has {v} left for me, please.", "Look up the item with the count {v}.", "I want to know the thing with the number {v}.", "Do you know the item with {v} in stock?", "Give me the item that has {v} left.", "I need the item with the count {v}.", "I forgot which item has {v} in stock.", "Find out which item has {v} left.", "Would you tell me of which item there are {v}?", "Tell me of what we have {v}.", "Help me find which item has {v} in stock.", "Check which item has {v} left.", "Can you look up of which item there are {v}?", "I want to know of what we have {v}."),
        ("Stock:", "In the store:", "Items:", "Count:", "What we have:", "Our stock:", "Left in stock:", "Stock list:", "How many we have:", "Store list:", "Numbers:", "In stock:", "Item count:"),
    ),
    Domain(
        ("name", "job"), lex.person, _pick(lex.JOBS),
        ("{k} is a {v}.", "{k} works as a {v}.", "{k} became a {v}.", "The job of {k} is {v}.", "{k} is the {v}.", "{k} is our {v}.", "{k} is now a {v}.", "{k} has the job of a {v}.", "{k} has a job as a {v}.", "{k} has work as a {v}.", "{k} works here as a {v}.", "{k}'s job is {v}.", "The {v} is {k}.", "The {v} is called {k}.", "Our {v} is {k}.", "The work of {k} is that of a {v}.", "As a {v}, {k} has a lot to do.", "{k} earns money as a {v}.", "{k} is known as a good {v}.", "For work, {k} is a {v}."),
        ("What is the job of {k}?", "What does {k} do?", "What is {k}'s job?", "Which job does {k} have?", "What does {k} work as?", "Tell me the job of {k}.", "What is {k}?", "Job of {k}?", "What job does {k} have?", "Which work does {k} do?", "What work does {k} do?", "What is the work of {k}?", "What does {k} do for work?", "What does {k} do for a living?", "What does {k} do for money?", "What job does {k} do?", "How does {k} earn money?", "As what does {k} work?", "{k} works as what?", "{k} is what?", "{k}'s job?", "{k}: which job?", "What kind of work does {k} do?", "What kind of job does {k} have?", "Work of {k}?", "Which job goes with {k}?", "What did {k} become?", "I'd like to have the job of {k}.", "I can't remember {k}'s job.", "Do you know the work that {k} does?", "Can you look up the job that {k} has for me?", "Please name the job of {k}.", "Can you find {k}'s job?", "Sorry, what is the work of {k}?", "I can't find the work that {k} does.", "Could you tell me the job that {k} has?", "Let me know the job of {k}.", "Could you please tell me what {k} does?", "I wonder what job {k} has.", "Show me which job {k} has.", "Hi, can you tell me what {k} works as?", "Sorry, I forgot what work {k} does.", "I don't remember what {k} does for work.", "My question is what {k} does.", "Please find out what job {k} has.", "Let me know which job {k} has.", "I am not sure what {k} works as.", "Please tell me what work {k} does."),
        ("Who is the {v}?", "Who works as a {v}?", "Which person is a {v}?", "Who has the job {v}?", "Name the {v}.", "Who is our {v}?", "Who works here as the {v}?", "Which person works as the {v}?", "Which person is the {v}?", "Whose job is {v}?", "Who does the job of the {v}?", "Who does the work of the {v}?", "What is the name of the {v}?", "What is the {v} called?", "The {v} is who?", "The job {v} belongs to whom?", "Who became the {v}?", "Name of the {v}?", "Who earns money as the {v}?", "I want the name of the {v}.", "Tell me the person who is the {v}, please.", "I need to know the person with the job {v}.", "Please show the person who works as the {v}.", "Do you have the name of the {v}?", "Can you give me the person who is the {v}?", "Find the person with the job {v}.", "Could you please tell me who is the {v}?", "I would like to know who works as the {v}.", "Tell me which person is the {v}.", "I forgot who has the job {v}.", "Would you tell me what the {v} is called?", "I am not sure who is the {v}.", "I don't know who works as the {v}.", "Can you see which person is the {v}?"),
        ("Jobs:", "Our staff:", "Team:", "People:", "Who does what:", "Names and jobs:", "People and jobs:", "Job list:", "Work list:", "Our people:", "Our workers:", "Staff:"),
    ),
    Domain(
        ("name", "pet"), lex.person, _pick(lex.PETS),
        ("{k} has a {v}.", "{k} owns a {v}.", "{k} loves the {v}.", "The pet of {k} is a {v}.", "{k} keeps a {v}.", "{k} got a {v}.", "{k} bought a {v}.", "{k} lives with a {v}.", "{k} takes care of a {v}.", "{k} has a pet {v}.", "{k} has a {v} at home.", "{k}'s pet is a {v}.", "The pet that {k} has is a {v}.", "A {v} lives with {k}.", "A {v} belongs to {k}.", "The {v} belongs to {k}.", "The {v} is the pet of {k}.", "The animal of {k} is a {v}.", "At home {k} has a {v}.", "{k} feeds the {v}."),
        ("What pet does {k} have?", "Which pet does {k} have?", "What animal does {k} own?", "Which animal belongs to {k}?", "What is {k}'s pet?", "Tell me the pet of {k}.", "Pet of {k}?", "What animal does {k} have?", "What animal is with {k}?", "Which animal does {k} have?", "Which animal does {k} own?", "Which pet does {k} own?", "What pet does {k} own?", "Which pet belongs to {k}?", "What pet is at home with {k}?", "Which pet lives with {k}?", "What animal lives with {k}?", "What does {k} have as a pet?", "What is the pet of {k}?", "What is the animal of {k}?", "What kind of pet does {k} have?", "What kind of animal does {k} own?", "{k} has which pet?", "{k} owns what animal?", "{k}: which pet?", "{k}'s pet?", "{k}'s animal?", "Animal of {k}?", "Which pet goes with {k}?", "Which animal does {k} keep?", "What pet does {k} keep?", "What's the pet of {k}?", "Tell me {k}'s pet, please.", "I need to know the animal of {k}.", "May I have the pet that {k} has?", "Look up the animal that {k} owns.", "Do you know the pet of {k}?", "I'd like to have {k}'s pet.", "Find the animal of {k} for me, please.", "Can you find the pet that {k} has?", "Check the animal that {k} owns for me.", "Can you give me the pet of {k}?", "I'd like to know what pet {k} has.", "Help me find which pet {k} has.", "I wonder what animal {k} owns.", "I am not sure which animal belongs to {k}.", "Sorry, I forgot what animal {k} has.", "I forgot which animal lives with {k}.", "Can you tell me what pet {k} has?", "Do you know which pet {k} has?", "Could you please tell me what animal {k} owns?", "Please say which animal belongs to {k}.", "I can't remember what animal {k} has."),
        ("Who has a {v}?", "Who owns a {v}?", "Who has the {v}?", "Whose pet is the {v}?", "Who keeps a {v}?", "Who keeps the {v}?", "Who owns the {v}?", "Who lives with a {v}?", "Which person has a {v}?", "Which person owns the {v}?", "Whose animal is the {v}?", "Whose pet is a {v}?", "To whom does the {v} belong?", "The {v} belongs to whom?", "The {v} is the pet of whom?", "Who has a {v} at home?", "Who is the owner of the {v}?", "With whom does the {v} live?", "Owner of the {v}?", "A {v} is at home with whom?", "I'd like to have the owner of the {v}.", "Check the person with the {v} for me.", "Do you have the person who has a {v}?", "Say the name of the owner of the {v}.", "What's the owner of the {v}?", "I need to know the person with the {v}.", "Write the person who has a {v}.", "Please say who has a {v}.", "I forgot who owns the {v}.", "Please tell me whose pet is the {v}.", "Can you see who is the owner of the {v}?", "I want to know which person has a {v}.", "Say who has a {v}.", "Check for me who owns the {v}.", "I need to know whose pet is the {v}."),
        ("Pets:", "Our pets:", "Animals:", "Who has which pet:", "Pets and owners:", "People and pets:", "Pet list:", "Animals at home:", "Our animals:", "Owners:"),
    ),
    Domain(
        ("name", "color"), lex.person, _pick(lex.COLORS),
        ("{k} likes {v}.", "{k} wears {v}.", "The color of {k} is {v}.", "{k} chose {v}.", "{k} has the color {v}.", "{k} has {v}.", "{k} loves {v}.", "{k} took {v}.", "{k} wants {v}.", "{k} picked {v}.", "{k} is in {v}.", "{k} is wearing {v}.", "{k} plays in {v}.", "{k}'s color is {v}.", "{k} likes the color {v}.", "The favorite color of {k} is {v}.", "{v} is the color of {k}.", "{v} is for {k}.", "For {k} we have {v}.", "The color for {k} is {v}.", "The choice of {k} is {v}."),
        ("What color does {k} like?", "Which color does {k} have?", "What is the color of {k}?", "Which color goes with {k}?", "What is {k}'s color?", "Tell me the color of {k}.", "Color of {k}?", "What color does {k} have?", "What color does {k} wear?", "Which color does {k} wear?", "Which color does {k} like?", "Which color does {k} love?", "What color did {k} choose?", "Which color did {k} choose?", "Which color did {k} pick?", "What color did {k} take?", "What is the favorite color of {k}?", "Which is the favorite color of {k}?", "Which color is for {k}?", "What color is for {k}?", "What color belongs to {k}?", "Which color belongs to {k}?", "What color goes with {k}?", "{k}: which color?", "{k} has what color?", "{k} likes which color?", "{k}'s color?", "{k}'s favorite color?", "Favorite color of {k}?", "In which color is {k}?", "Say the color of {k}.", "Can you find {k}'s color?", "Do you have the color for {k}?", "Find the color that {k} has for me, please.", "I want to know the favorite color of {k}.", "Please name the color of {k}.", "Help me find {k}'s color.", "Let me know the color for {k}.", "Find the color that {k} has.", "May I have the favorite color of {k}?", "I want the color of {k}.", "Please find out what color {k} has.", "Show me which color {k} likes.", "Find out which color {k} has.", "I don't remember what color {k} likes.", "Help me find which color {k} chose.", "I don't know what color is for {k}.", "Please say what color {k} has.", "Tell me which color {k} likes.", "Any idea which color {k} has?", "Would you tell me what color {k} likes?", "I need to know which color {k} chose."),
        ("Who likes {v}?", "Who has {v}?", "Which person has the color {v}?", "Who goes with {v}?", "Who has the color {v}?", "Who has chosen {v}?", "Who chose {v}?", "Who picked {v}?", "Who took {v}?", "Who wears {v}?", "Who loves {v}?", "Who is in {v}?", "Which person has {v}?", "Which person likes {v}?", "Which person wears {v}?", "Whose color is {v}?", "Whose favorite color is {v}?", "The color {v} is for whom?", "The color {v} belongs to whom?", "{v} is the color of whom?", "Which name goes with {v}?", "Check the person with the color {v} for me.", "I'd like to have the person who likes {v}.", "I want the person in {v}.", "Help me find the name that goes with {v}.", "Find the person with the color {v} for me, please.", "Please show the person who likes {v}.", "May I have the person in {v}?", "Please say who likes {v}.", "I want to know who has {v}.", "Find out who has the color {v}.", "I would like to know which person likes {v}.", "Hi, can you tell me whose color is {v}?", "Please find out who likes {v}.", "Sorry, I forgot who has {v}.", "I can't remember who has the color {v}."),
        ("Colors:", "Favorite colors:", "Teams:", "Who has which color:", "Names and colors:", "People and colors:", "Color list:", "Our colors:", "Shirts:", "Chosen colors:"),
    ),
    Domain(
        ("name", "room"), _full_name, _number(1, 399),
        ("{k} is in room {v}.", "{k} sits in room {v}.", "{k} works in room {v}.", "Room {v} belongs to {k}.", "{k} has room {v}.", "{k} is now in room {v}.", "{k} stays in room {v}.", "{k} sleeps in room {v}.", "{k} got room {v}.", "{k} has the key of room {v}.", "{k} can be found in room {v}.", "{k}'s room is {v}.", "{k}'s room number is {v}.", "The room of {k} is {v}.", "The room number of {k} is {v}.", "The office of {k} is room {v}.", "You can find {k} in room {v}.", "In room {v} is {k}.", "In room {v} you can find {k}.", "Room {v} is for {k}.", "Room {v} is the room of {k}.", "Go to room {v} for {k}."),
        ("Which room is {k} in?", "In which room is {k}?", "What is the room of {k}?", "Where does {k} sit? Give the room.", "What room does {k} have?", "Room number of {k}?", "Tell me the room of {k}.", "What room is {k} in?", "In what room is {k}?", "In which room does {k} sit?", "In which room does {k} work?", "In which room can I find {k}?", "Which room does {k} have?", "Which room belongs to {k}?", "Which room is for {k}?", "What is the room number of {k}?", "What is the number of {k}'s room?", "What is {k}'s room?", "What number is on the room of {k}?", "Which room number does {k} have?", "{k} is in which room?", "{k} has which room?", "{k}: what room?", "{k}'s room?", "{k}'s room number?", "Room of {k}?", "To which room must I go for {k}?", "I want to see {k}. Which room?", "I am looking for {k}. What room is it?", "Where can I find {k}? Give the room number.", "Where is {k}? Give the room.", "I need to know the room of {k}.", "Check {k}'s room for me.", "May I have the room number of {k}?", "And {k}'s room number?", "What is the number of the room of {k}?", "So what is the room of {k}?", "Find {k}'s room for me, please.", "Give me the room number of {k}.", "Can you give me {k}'s room number?", "Look up the number of the room of {k}.", "I want the room of {k}.", "I am not sure which room {k} is in.", "I don't know in which room {k} is.", "Check for me what room {k} has.", "Please let me know in which room I can find {k}.", "I want to know which room belongs to {k}.", "Show me which room {k} has.", "Please say which room {k} is in.", "I don't remember in which room {k} is.", "Find out what room {k} has.", "Any idea in which room I can find {k}?", "I wonder which room belongs to {k}."),
        ("Who is in room {v}?", "Who has room {v}?", "Who works in room {v}?", "Whose room is {v}?", "Who sits in room {v}?", "Who stays in room {v}?", "Who sleeps in room {v}?", "Who can I find in room {v}?", "Who got room {v}?", "Which person is in room {v}?", "Which person has room {v}?", "Which name goes with room {v}?", "Whose office is room {v}?", "Room {v} belongs to whom?", "Room {v} is for whom?", "Room {v}: who?", "To whom does room {v} belong?", "For whom is room {v}?", "In room {v} is who?", "Who is the person in room {v}?", "Give me the person in room {v}.", "Do you have the name of the person in room {v}?", "So what is the name for room {v}?", "Could you tell me the person who has room {v}?", "What's the person in room {v}?", "Do you know the name of the person in room {v}?", "Quick question: what is the name for room {v}?", "I wonder who is in room {v}.", "I forgot who has room {v}.", "I am not sure whose room is {v}.", "Say which person is in room {v}.", "Would you tell me who works in room {v}?", "Please look up who is in room {v}.", "Hi, can you tell me who has room {v}?", "Do you know whose room is {v}?"),
        ("Rooms:", "Office list:", "Guests:", "Who is where:", "Room list:", "Names and rooms:", "People and rooms:", "Hotel:", "Offices:", "Guest list:", "Room numbers:"),
    ),
    Domain(
        ("country", "capital"), _pick(lex.COUNTRIES), _made_up,
        ("The code of {k} is {v}.", "{k} has the code {v}.", "For {k} we use {v}.", "{k} is called {v}.", "The word for {k} is {v}.", "The code for {k} is {v}.", "The code word of {k} is {v}.", "The code word for {k} is {v}.", "{k} has the word {v}.", "{k} has the code word {v}.", "{k} gets the code {v}.", "{k} goes with {v}.", "{k} is written as {v}.", "{k} is known as {v}.", "We call {k} {v}.", "We use {v} for {k}.", "We say {v} for {k}.", "We write {v} for {k}.", "For {k} we say {v}.", "For {k} the code is {v}.", "{v} stands for {k}.", "{v} is the code of {k}."),
        ("What is the code of {k}?", "Which code does {k} have?", "What is {k} called?", "What do we use for {k}?", "Give the code for {k}.", "Which word goes with {k}?", "What is the code for {k}?", "What is the word for {k}?", "What is the code word of {k}?", "What is the code word for {k}?", "What code does {k} have?", "What word do we use for {k}?", "Which word do we use for {k}?", "Which code do we use for {k}?", "Which code goes with {k}?", "Which word stands for {k}?", "Which code stands for {k}?", "What stands for {k}?", "What do we call {k}?", "What do we say for {k}?", "What do we write for {k}?", "How do we call {k}?", "How is {k} called?", "How is {k} written?", "{k} is called what?", "{k} has which code?", "{k}: which word?", "{k}: what code?", "Code of {k}?", "Word for {k}?", "Code word for {k}?", "Which word is used for {k}?", "What's the code of {k}?", "And the word for {k}?", "Please give me the code word for {k}.", "Say {k}'s code.", "Could you tell me the code of {k}?", "Show me the code for {k}.", "I want the word for {k}.", "I need to know the code word for {k}.", "Hi, what is {k}'s code?", "I'd like to have the code of {k}.", "Can you find out what the code of {k} is?", "Can you look up which code {k} has?", "Sorry, I forgot what {k} is called.", "Please find out which word goes with {k}.", "Let me know what we use for {k}.", "I need to know which word we use for {k}.", "Please look up what the code of {k} is.", "My question is which code {k} has.", "Check what {k} is called.", "Do you know which word goes with {k}?", "Please tell me what we use for {k}."),
        ("Which country has {v}?", "Which country goes with {v}?", "What country is called {v}?", "For which country do we use {v}?", "Which country has the code {v}?", "Which country has the word {v}?", "What country has the code {v}?", "What country goes with {v}?", "Which country is called {v}?", "Which country do we call {v}?", "Which country is {v}?", "What country is {v}?", "For which country do we write {v}?", "For which country do we say {v}?", "For which country is the code {v}?", "For what country does {v} stand?", "{v} stands for which country?", "{v} is the code of which country?", "{v}: which country?", "Which country is meant by {v}?", "What country is meant by {v}?", "Country with the code {v}?", "Find the country with the code {v} for me, please.", "Read out the country that has {v}.", "Quick question: what is the country that is called {v}?", "Say the name of the country with {v}.", "Can you look up the country with the code {v} for me?", "Let me know the country that has {v}.", "Could you tell me the country that is called {v}?", "Would you tell me which country has {v}?", "I forgot which country goes with {v}.", "Hi, can you tell me which country is called {v}?", "Sorry, I forgot for which country we use {v}.", "Please tell me which country has the code {v}.", "Check for me which country has {v}.", "Find out which country goes with {v}.", "Can you say which country is called {v}?"),
        ("Codes:", "Countries:", "Code words:", "Code list:", "Words for countries:", "Country list:", "Country codes:", "Countries and codes:", "Our words:", "Secret words:"),
    ),
    Domain(
        ("event", "day"), _pick(lex.EVENTS), _pick(list(lex.DAYS)),
        ("The {k} is on {v}.", "The {k} takes place on {v}.", "We have the {k} on {v}.", "On {v} is the {k}.", "The {k} will be on {v}.", "The {k} is held on {v}.", "The {k} is planned for {v}.", "The {k} is set for {v}.", "The {k} happens on {v}.", "The {k} was moved to {v}.", "The {k} comes on {v}.", "The day of the {k} is {v}.", "The day for the {k} is {v}.", "{v} is the day of the {k}.", "{v} is the day for the {k}.", "On {v} we have the {k}.", "On {v} there is a {k}.", "On {v} comes the {k}.", "There is a {k} on {v}.", "There will be a {k} on {v}.", "Come to the {k} on {v}.", "We planned the {k} for {v}.", "We meet for the {k} on {v}."),
        ("When is the {k}?", "On which day is the {k}?", "What day is the {k}?", "Which day is the {k} on?", "Tell me the day of the {k}.", "Day of the {k}?", "Tell me the day of the {k} please.", "{k}: which day?", "When do we have the {k}?", "On what day is the {k} held?", "Which weekday is the {k}?", "Name the day of the {k}.", "Which day has the {k}?", "Do you know when the {k} is?", "Say when the {k} is.", "When will the {k} be?", "For which day is the {k} planned?", "What day is the {k} on?", "What weekday is the {k}?", "What day will the {k} be?", "Which day is the {k}?", "Which day is planned for the {k}?", "Which day is set for the {k}?", "Which day is it for the {k}?", "On which day do we have the {k}?", "On which day does the {k} take place?", "On which weekday is the {k} held?", "On what day do we meet for the {k}?", "When does the {k} take place?", "When does the {k} happen?", "When is the {k} held?", "When is the {k} planned?", "The {k} is on which day?", "The {k} is when?", "The {k}: what day?", "The {k}: when?", "For when is the {k} set?", "For what day is the {k} planned?", "Weekday of the {k}?", "When must I come to the {k}?", "I want to come to the {k}. Which day is it?", "I want to go to the {k}. When is it?", "I need the day of the {k}.", "Help me find the weekday of the {k}.", "What is the day for the {k}?", "Do you know the day when we have the {k}?", "Hi, what is the day of the {k}?", "Write the weekday of the {k}.", "Check the day for the {k} for me.", "Can you give me the day when we have the {k}?", "What was the day of the {k} again?", "The weekday of the {k} please.", "I can't find the day for the {k}.", "Hi, can you tell me when the {k} is?", "My question is on which day the {k} is.", "I am not sure which day the {k} is on.", "I would like to know what day the {k} is.", "Could you please tell me when the {k} takes place?", "I'd like to know on what day we have the {k}.", "Sorry, I forgot when the {k} is.", "I need to know on which day the {k} is.", "Please tell me which day the {k} is on.", "Can you say what day the {k} is?", "Help me find when the {k} takes place."),
        ("What is on {v}?", "Which event is on {v}?", "What takes place on {v}?", "What do we have on {v}?", "What event is on {v}?", "Which event takes place on {v}?", "Which event do we have on {v}?", "Which event is held on {v}?", "Which event is planned for {v}?", "What is planned for {v}?", "What is set for {v}?", "What is held on {v}?", "What happens on {v}?", "What comes on {v}?", "What will be on {v}?", "What is there on {v}?", "On {v} we have what?", "On {v} is which event?", "{v}: what is on?", "{v}: which event?", "What is the event on {v}?", "What is the plan for {v}?", "Let me know the event on {v}.", "Please show the event that is on {v}.", "What was the plan for {v} again?", "What's the event planned for {v}?", "Tell me the event on {v}, please.", "So what is the event that is on {v}?", "I can't find the plan for {v}.", "Sorry, I forgot what is on {v}.", "My question is which event is on {v}.", "I don't remember what we have on {v}.", "Please look up what takes place on {v}.", "Any idea what is planned for {v}?", "Look up what is on {v}.", "Would you tell me which event is on {v}?", "Show me what we have on {v}."),
        ("This week:", "Plan:", "Events:", "Calendar:", "The plan:", "The week:", "Next week:", "My week:", "Our plan:", "Days:", "Events and days:", "What is on:", "Dates:"),
    ),
    Domain(
        ("event", "time"), _pick(lex.EVENTS), _clock,
        ("The {k} starts at {v}.", "The {k} begins at {v}.", "At {v} we have the {k}.", "The {k} is at {v}.", "The {k} opens at {v}.", "The {k} will start at {v}.", "The {k} will begin at {v}.", "The {k} takes place at {v}.", "The {k} is set for {v}.", "The {k} is planned for {v}.", "The time of the {k} is {v}.", "The time for the {k} is {v}.", "The start of the {k} is at {v}.", "The start of the {k} is {v}.", "At {v} the {k} starts.", "At {v} the {k} begins.", "At {v} there is a {k}.", "There is a {k} at {v}.", "Come to the {k} at {v}.", "Be at the {k} at {v}.", "We meet for the {k} at {v}.", "We have the {k} at {v}.", "We start the {k} at {v}.", "{v} is the time of the {k}."),
        ("When does the {k} start?", "At what time is the {k}?", "What time does the {k} begin?", "When is the {k}?", "Time of the {k}?", "{k}: what time?", "What is the start of the {k}?", "When do we meet for the {k}?", "What time is the {k}?", "Which time is set for the {k}?", "Name the time of the {k}.", "When must I be at the {k}?", "Do you know when the {k} starts?", "Say when the {k} begins.", "The {k} is at what time?", "How late does the {k} begin?", "Tell me the time of the {k}.", "When does the {k} begin?", "When will the {k} start?", "When will the {k} begin?", "When do we start the {k}?", "When do we have the {k}?", "When must we come to the {k}?", "At what time does the {k} start?", "At what time does the {k} begin?", "At which time is the {k}?", "At what time do we meet for the {k}?", "What time does the {k} start?", "What time do we have the {k}?", "What time is set for the {k}?", "What is the time of the {k}?", "What is the time for the {k}?", "What is the start time of the {k}?", "Which time does the {k} have?", "Which time is planned for the {k}?", "The {k} starts when?", "The {k} begins at what time?", "The {k}: when?", "The {k}: which time?", "Start of the {k}?", "Start time of the {k}?", "How late is the {k}?", "How late does the {k} start?", "I want to come to the {k}. When does it start?", "I must go to the {k}. At what time does it begin?", "Check the time of the {k} for me.", "Let me know the start of the {k}.", "I would like to know the start time of the {k}.", "Say the time for the {k}.", "I'd like to have the time when the {k} begins.", "What was the time of the {k} again?", "I want the start of the {k}.", "Please show the start time of the {k}.", "Could you tell me the time for the {k}?", "Can you look up the time when the {k} begins for me?", "Can you give me the time of the {k}?", "Show me when the {k} starts.", "Any idea when the {k} begins?", "Let me know at what time the {k} is.", "Do you know what time the {k} starts?", "Please find out at which time the {k} begins.", "Can you find out when we meet for the {k}?", "Can you tell me when the {k} starts?", "I would like to know when the {k} begins.", "Please let me know at what time the {k} is.", "I forgot what time the {k} starts.", "My question is at which time the {k} begins."),
        ("What starts at {v}?", "What is at {v}?", "Which event begins at {v}?", "What do we have at {v}?", "What begins at {v}?", "What event is at {v}?", "What event starts at {v}?", "Which event starts at {v}?", "Which event is at {v}?", "Which event do we have at {v}?", "Which event is set for {v}?", "What is set for {v}?", "What is planned for {v}?", "What takes place at {v}?", "What will start at {v}?", "What will begin at {v}?", "What is the event at {v}?", "At {v} we have what?", "At {v} which event starts?", "{v}: what starts?", "{v}: which event?", "What is there at {v}?", "For what do we meet at {v}?", "Can you give me the event at {v}?", "Do you know the event that starts at {v}?", "And the event that begins at {v}?", "Can you find the plan for {v}?", "So what is the event at {v}?", "I'd like to have the event that starts at {v}.", "Could you tell me the event that begins at {v}?", "I wonder what starts at {v}.", "Find out what begins at {v}.", "I would like to know which event starts at {v}.", "Show me which event is at {v}.", "Help me find what we have at {v}.", "I want to know what starts at {v}.", "Please let me know what begins at {v}.", "Check which event starts at {v}."),
        ("Today:", "Plan:", "Times:", "Schedule:", "The plan:", "Plan for today:", "Today's plan:", "Our day:", "My day:", "Start times:", "Events and times:", "What is on today:", "Events:"),
    ),
    Domain(
        ("code", "value"), lex.code, _number(1, 9999),
        ("The number for {k} is {v}.", "{k} has the value {v}.", "{k} stands for {v}.", "The value of {k} is {v}.", "The number of {k} is {v}.", "The value for {k} is {v}.", "{k} is {v}.", "{k} is set to {v}.", "{k} has the number {v}.", "{k} has {v}.", "{k} means {v}.", "{k} gives {v}.", "{k} goes with {v}.", "{k} belongs to {v}.", "{k} equals {v}.", "For {k} the value is {v}.", "For {k} the number is {v}.", "For {k} we have {v}.", "The code {k} is {v}.", "The code {k} means {v}.", "The code {k} stands for {v}.", "The code {k} has the value {v}."),
        ("What is the value of {k}?", "Which number belongs to {k}?", "What does {k} stand for?", "What is the number for {k}?", "Look up {k}.", "Find {k}.", "Value of {k}?", "What is {k}?", "What is the value for {k}?", "What is the number of {k}?", "What value does {k} have?", "What number does {k} have?", "What does {k} mean?", "What does the code {k} mean?", "What does the code {k} stand for?", "What does {k} give?", "What is the value of the code {k}?", "What is {k} set to?", "What number goes with {k}?", "What number is given for {k}?", "Which value does {k} have?", "Which value is given for {k}?", "Which number goes with {k}?", "Which number does {k} have?", "Which number does {k} stand for?", "Which value belongs to {k}?", "{k} is what number?", "{k} means what?", "{k} stands for what?", "{k}: what value?", "{k}: which number?", "{k} has which value?", "Number for {k}?", "Number of {k}?", "Find the value of {k}.", "Find the number for {k}.", "Look up the value of {k}.", "Look up the number of {k}.", "I want to know the value of {k}.", "Do you have the number for {k}?", "Show me the value for {k}.", "Let me know the number of {k}.", "Please look up {k}'s value.", "Can you look up the number for {k} for me?", "I want the value for {k}.", "Find the number of {k} for me, please.", "I can't find {k}'s value.", "Give me the value of {k}.", "Please say what {k} stands for.", "Please tell me what {k} means.", "Please let me know which number belongs to {k}.", "I wonder which value {k} has.", "Any idea what the value of {k} is?", "Say what number {k} has.", "Tell me what {k} stands for.", "I don't remember what {k} means.", "I can't remember which number belongs to {k}.", "Look up which value {k} has.", "Can you see what the value of {k} is?"),
        ("Which code has the value {v}?", "Which code stands for {v}?", "Which code has {v}?", "What is the code for {v}?", "What code has the value {v}?", "What code stands for {v}?", "What code has {v}?", "What code goes with {v}?", "What is the code of {v}?", "Which code has the number {v}?", "Which code means {v}?", "Which code is {v}?", "Which code goes with {v}?", "Which code belongs to {v}?", "Which code gives {v}?", "Which code do we have for {v}?", "{v} is the value of which code?", "{v} is the number of which code?", "{v} belongs to which code?", "{v}: which code?", "Code for {v}?", "Code with the value {v}?", "Code with {v}?", "I can't remember the code for {v}.", "Let me know the code with the value {v}.", "Tell me the code that has {v}, please.", "Can you give me the code that stands for {v}?", "I want to know the code for {v}.", "Please give me the code with the value {v}.", "Give me the code that has {v}.", "Look up which code has {v}.", "Please look up which code has the value {v}.", "Can you tell me which code stands for {v}?", "I don't know what the code for {v} is.", "Would you tell me which code has {v}?", "Can you say which code has the value {v}?", "Do you know which code stands for {v}?", "Check what the code for {v} is."),
        ("Codes:", "Values:", "Data:", "Code list:", "Value list:", "The codes:", "The values:", "Numbers:", "Codes and values:", "Codes and numbers:", "Table:", "Settings:"),
    ),
    Domain(
        ("word", "code"), _made_up, lex.code,
        ("The code of {k} is {v}.", "{k} has the code {v}.", "{k} means {v}.", "For {k} write {v}.", "The code for {k} is {v}.", "The word {k} is {v}.", "The word {k} means {v}.", "The word {k} has the code {v}.", "The word {k} stands for {v}.", "{k} is {v}.", "{k} stands for {v}.", "{k} has {v}.", "{k} gets the code {v}.", "{k} goes with {v}.", "{k} is written as {v}.", "{k} is written {v}.", "For {k} the code is {v}.", "For {k} we write {v}.", "For {k} use {v}.", "For the word {k} write {v}.", "We write {v} for {k}.", "Write {v} for {k}.", "Use {v} for {k}."),
        ("What is the code of {k}?", "Which code does {k} have?", "What does {k} mean?", "What do I write for {k}?", "Look up {k}.", "Find the code for {k}.", "Tell me the code of {k}.", "Code for {k}?", "{k} means what?", "Which code is it for {k}?", "What stands next to {k}?", "How is {k} written?", "What is the code for {k}?", "What is the code of the word {k}?", "What is the code for the word {k}?", "What code does {k} have?", "What code is given for {k}?", "What code do I use for {k}?", "What do we write for {k}?", "What does the word {k} mean?", "What does {k} stand for?", "What is {k}?", "What is written for {k}?", "Which code goes with {k}?", "Which code belongs to {k}?", "Which code is given for {k}?", "Which code do I write for {k}?", "Which code do we use for {k}?", "How do I write {k}?", "How do we write {k} in code?", "How is the word {k} written?", "{k} is written how?", "{k} has which code?", "{k} stands for what?", "{k}: which code?", "{k}: what code?", "Code of {k}?", "Code of the word {k}?", "{k}'s code?", "Look up the code of {k}.", "Look up the word {k}.", "Find {k}.", "Find the code of {k}.", "Show me the code of {k}.", "I'd like to have the code for {k}.", "Please look up the code of the word {k}.", "Do you know {k}'s code?", "Please name the code for the word {k}.", "Let me know the code of {k}.", "Sorry, what is the code for {k}?", "Please check the code of the word {k}.", "I can't find {k}'s code.", "Give me the code for the word {k}.", "I forgot the code of {k}.", "Could you please tell me what {k} means?", "I don't know which code {k} has.", "Check for me what the code of {k} is.", "Do you know how {k} is written?", "Please look up what I write for {k}.", "I am not sure what {k} stands for.", "Tell me what {k} means.", "Let me know which code {k} has.", "Can you tell me what the code of {k} is?", "Show me how {k} is written.", "I need to know what I write for {k}."),
        ("Which word has the code {v}?", "Which word means {v}?", "What is the word for {v}?", "Which word has {v}?", "What word has the code {v}?", "What word means {v}?", "What word has {v}?", "What word goes with {v}?", "What is the word with the code {v}?", "What does {v} stand for?", "Which word goes with {v}?", "Which word belongs to {v}?", "Which word is written {v}?", "Which word is written as {v}?", "Which word stands for {v}?", "Which word is {v}?", "Which word gets the code {v}?", "For which word do I write {v}?", "For which word do we use {v}?", "{v} is the code of which word?", "{v} means which word?", "{v}: which word?", "Word for {v}?", "Word with the code {v}?", "Give me the word for {v}.", "Help me find the word with the code {v}.", "I want to know the word that means {v}.", "Tell me the word that has {v}, please.", "I'd like to have the word for {v}.", "Can you give me the word with the code {v}?", "Read out the word that means {v}.", "Tell me which word means {v}.", "Please let me know which word has the code {v}.", "Check which word goes with {v}.", "Please look up what the word for {v} is.", "I need to know which word has {v}.", "Please tell me which word means {v}.", "Look up which word has the code {v}.", "Say which word goes with {v}."),
        ("Code words:", "Secret list:", "Dictionary:", "Code list:", "The codes:", "Secret codes:", "Word list:", "Words:", "Words and codes:", "Our code:", "Code book:"),
    ),
    Domain(
        ("team", "score"), _place, _number(0, 150),
        ("{k} scored {v} points.", "{k} has {v} points.", "{k} got {v}.", "The score of {k} is {v}.", "{k} has a score of {v}.", "{k} has the score {v}.", "{k} has {v}.", "{k} has {v} points now.", "{k} made {v} points.", "{k} made {v}.", "{k} got {v} points.", "{k} won {v} points.", "{k} scored {v}.", "{k} ended with {v} points.", "{k} finished with {v} points.", "{k} stands at {v} points.", "{k}'s score is {v}.", "The team from {k} has {v} points.", "The team from {k} scored {v}.", "The team {k} got {v} points.", "The result of {k} is {v}.", "The points of {k}: {v}.", "{v} points go to {k}.", "{v} points for {k}."),
        ("How many points does {k} have?", "What is the score of {k}?", "How many points did {k} score?", "What did {k} score?", "Score of {k}?", "Tell me the score of {k}.", "How many points did {k} get?", "How many points did {k} make?", "How many points did {k} win?", "How many points are there for {k}?", "How many points does the team {k} have?", "How many points did the team from {k} score?", "How many points go to {k}?", "How many did {k} score?", "How much did {k} score?", "What score does {k} have?", "What score did {k} get?", "What score did {k} make?", "What is the result of {k}?", "What is the result for {k}?", "What is the score for {k}?", "What is {k}'s score?", "What did {k} get?", "What is the number of points of {k}?", "Which score does {k} have?", "Which score did {k} get?", "Which result does {k} have?", "{k} has how many points?", "{k} scored how much?", "{k}: how many points?", "{k}: what score?", "{k}'s score?", "{k}'s points?", "Points of {k}?", "Points for {k}?", "Result of {k}?", "I would like to know the score of {k}.", "Can you give me {k}'s score?", "Do you have the points of {k}?", "I'd like to have the result of {k}.", "The number of points of {k} please.", "I need the score for {k}.", "I want the score of {k}.", "I am looking for {k}'s score.", "Sorry, what is the points of {k}?", "Say the result of {k}.", "I need to know the number of points of {k}.", "Can you look up how many points {k} has?", "Any idea how many points {k} got?", "Sorry, I forgot how many points {k} scored.", "I don't know what {k} scored.", "Please look up what the score of {k} is.", "Hi, can you tell me which score {k} has?", "Show me how many points {k} has.", "Tell me how many points {k} got.", "I need to know how many points {k} scored.", "Please tell me what {k} scored.", "Would you tell me what the score of {k} is?"),
        ("Which team has {v} points?", "Who scored {v} points?", "Which team scored {v}?", "Which team has the score {v}?", "Which team got {v} points?", "Which team got {v}?", "Which team made {v} points?", "Which team won {v} points?", "Which team scored {v} points?", "Which team has {v}?", "Which team has a score of {v}?", "Which team has the result {v}?", "What team has {v} points?", "What team scored {v}?", "What team got {v} points?", "Who has {v} points?", "Who got {v} points?", "Who made {v} points?", "Who has the score {v}?", "Who scored {v}?", "Whose score is {v}?", "Whose result is {v}?", "{v} points: which team?", "{v} is the score of which team?", "{v} points go to which team?", "Team with {v} points?", "What's the team with {v} points?", "Let me know the team that scored {v}.", "What was the team that got {v} points again?", "I want the team with the score {v}.", "So what is the name of the team with {v} points?", "Check the team with {v} points for me.", "I would like to know the team that scored {v}.", "Any idea which team has {v} points?", "I would like to know which team scored {v}.", "Check for me who scored {v} points.", "Help me find who has {v} points.", "Show me which team got {v} points.", "Look up which team has {v} points.", "I forgot which team scored {v}.", "Say who scored {v} points."),
        ("Scores:", "Results:", "Points:", "Table:", "The scores:", "The results:", "The teams:", "Teams:", "Teams and scores:", "Teams and points:", "Score list:", "Game results:", "League:"),
    ),
    Domain(
        ("name", "phone"), lex.person, _number(1000, 99999),
        ("The number of {k} is {v}.", "{k} has the number {v}.", "Call {k} at {v}.", "{k}'s phone is {v}.", "The phone number of {k} is {v}.", "The phone of {k} is {v}.", "The number for {k} is {v}.", "{k} has the phone number {v}.", "{k} is at {v}.", "{k} can be called at {v}.", "{k} can be reached at {v}.", "{k}'s number is {v}.", "{k}'s phone number is {v}.", "For {k} call {v}.", "For {k} dial {v}.", "Dial {v} for {k}.", "Call {v} for {k}.", "Call {v} to reach {k}.", "Dial {v} to reach {k}.", "Reach {k} at {v}.", "You can call {k} at {v}.", "You can reach {k} at {v}.", "{v} is the number of {k}.", "{v} is the phone of {k}."),
        ("What is the phone number of {k}?", "What is the number of {k}?", "Which number does {k} have?", "How can I call {k}?", "Phone of {k}?", "What is {k}'s number?", "Give me the number of {k}.", "What number do I call for {k}?", "{k}'s number?", "Read me the number of {k}.", "Under which number is {k}?", "Give {k}'s phone number.", "What is {k}'s phone number?", "What is {k}'s phone?", "What is the phone of {k}?", "What is the number for {k}?", "What phone number does {k} have?", "What number does {k} have?", "What number do I dial for {k}?", "What number must I call for {k}?", "Which phone number does {k} have?", "Which phone number belongs to {k}?", "Which number do I call to reach {k}?", "Which number do I dial to reach {k}?", "Which number is for {k}?", "How can I reach {k}?", "How do I call {k}?", "How do I reach {k} by phone?", "At which number can I call {k}?", "At what number do I reach {k}?", "Under what number can I reach {k}?", "I want to call {k}. Which number?", "I must call {k}. What is the number?", "I want to reach {k}. What number do I dial?", "{k} has which number?", "{k}: what number?", "{k}'s phone?", "{k}'s phone number?", "Phone number of {k}?", "Number of {k}?", "Number for {k}?", "Where can I call {k}?", "I need to know the number of {k}.", "I want to know the phone number of {k}.", "Find {k}'s number.", "I want {k}'s phone number.", "Could you tell me the phone of {k}?", "Please look up the number for {k}.", "Find the number of {k} for me, please.", "The phone number of {k} please.", "May I have {k}'s number?", "Tell me the phone of {k}, please.", "Look up what number {k} has.", "Check for me which number {k} has.", "I can't remember what the number of {k} is.", "Could you please tell me how I can call {k}?", "I want to know how I can reach {k}.", "Please let me know which number I call for {k}.", "Check what number {k} has.", "I don't remember which number {k} has.", "Would you tell me what the number of {k} is?", "My question is how I can call {k}.", "I am not sure how I can reach {k}."),
        ("Who has the number {v}?", "Whose number is {v}?", "Whose phone is {v}?", "Who do I reach at {v}?", "Who has the phone number {v}?", "Who has the phone {v}?", "Who is called at {v}?", "Who can I call at {v}?", "Who can I reach at {v}?", "Who do I call at {v}?", "Who is at {v}?", "Whose phone number is {v}?", "Which person has the number {v}?", "Which person has the phone {v}?", "Which person do I reach at {v}?", "Which name goes with {v}?", "Which name has the number {v}?", "The number {v} belongs to whom?", "The number {v} is whose?", "The phone number {v} is whose?", "To whom does the number {v} belong?", "{v} is the number of whom?", "{v}: whose number?", "Name for the number {v}?", "I can't remember the person with the number {v}.", "Help me find the name for the number {v}.", "I would like to know the owner of the number {v}.", "Hi, what is the person I reach at {v}?", "The person with the number {v}?", "Read out the name for the number {v}.", "I need the owner of the number {v}.", "I can't remember who has the number {v}.", "Please look up whose number is {v}.", "Any idea whose phone is {v}?", "Tell me which person has the number {v}.", "Look up who I reach at {v}.", "I don't know who has the number {v}.", "My question is whose number is {v}.", "Would you tell me whose phone is {v}?"),
        ("Phone book:", "Phone list:", "Contacts:", "Numbers:", "Phones:", "Phone numbers:", "Names and numbers:", "People and numbers:", "Who to call:", "Call list:", "My contacts:", "My phone book:"),
    ),
    Domain(
        ("city", "temperature"), _place, _number(0, 39),
        ("It is {v} degrees in {k}.", "{k} has {v} degrees.", "In {k} it is {v} degrees.", "The temperature in {k} is {v}.", "It is {v} degrees warm in {k}.", "It is now {v} degrees in {k}.", "{k} has {v} degrees now.", "{k} has a temperature of {v} degrees.", "{k} has a temperature of {v}.", "{k} is at {v} degrees.", "{k} is {v} degrees warm.", "{k} got {v} degrees today.", "In {k} we have {v} degrees.", "In {k} there are {v} degrees.", "In {k} it is {v}.", "In {k} it is now {v} degrees.", "In {k} the temperature is {v}.", "In {k} it got {v} degrees warm.", "The temperature of {k} is {v}.", "The temperature in {k} is {v} degrees.", "Today it is {v} degrees in {k}.", "Today {k} has {v} degrees.", "We have {v} degrees in {k}.", "{v} degrees in {k}."),
        ("How warm is it in {k}?", "What is the temperature in {k}?", "How many degrees is it in {k}?", "How hot is {k}?", "Temperature in {k}?", "How many degrees does {k} have?", "How warm is {k}?", "How warm is it now in {k}?", "How warm is it today in {k}?", "How hot is it in {k}?", "How hot is it today in {k}?", "How cold is it in {k}?", "How cold is {k} today?", "How cold or warm is it in {k}?", "How many degrees are there in {k}?", "How many degrees has {k}?", "How many degrees do they have in {k}?", "How is the weather in {k}?", "What is the weather in {k}?", "What is the temperature of {k}?", "What is the temperature today in {k}?", "What temperature does {k} have?", "What temperature is it in {k}?", "What temperature do they have in {k}?", "What is {k}'s temperature?", "Which temperature does {k} have?", "Which temperature is it in {k}?", "In {k} it is how warm?", "In {k}, how many degrees is it?", "{k} has how many degrees?", "{k}: how warm?", "{k}: how many degrees?", "{k}: what temperature?", "Degrees in {k}?", "Temperature of {k}?", "Weather in {k}?", "I can't find the temperature in {k}.", "I would like to know the temperature of {k}.", "The weather in {k}?", "I am looking for {k}'s temperature.", "I need to know the number of degrees in {k}.", "Find the temperature in {k} for me, please.", "I need the temperature of {k}.", "Find {k}'s temperature.", "Look up the number of degrees in {k}.", "Give me the temperature in {k}.", "I am not sure how warm it is in {k}.", "Please look up how hot it is in {k}.", "Sorry, I forgot how cold it is in {k}.", "I don't remember how many degrees it is in {k}.", "Please find out how many degrees {k} has.", "Look up what the temperature in {k} is.", "Can you say how warm it is in {k}?", "Tell me how hot it is in {k}.", "Can you tell me how cold it is in {k}?", "I need to know how many degrees it is in {k}.", "Check for me how many degrees {k} has."),
        ("Which city has {v} degrees?", "Where is it {v} degrees?", "In which city is it {v}?", "Where does it have {v} degrees?", "Which city has a temperature of {v}?", "Which city has the temperature {v}?", "Which city is at {v} degrees?", "Which city has {v} degrees now?", "Which city is {v} degrees warm?", "What city has {v} degrees?", "What city has the temperature {v}?", "Where is it {v}?", "Where is it {v} degrees warm?", "Where is the temperature {v}?", "Where are there {v} degrees?", "Where do they have {v} degrees?", "In which city is it {v} degrees?", "In which city are there {v} degrees?", "In what city is it {v} degrees?", "In which city is the temperature {v}?", "{v} degrees: which city?", "{v} degrees: where?", "{v} is the temperature of which city?", "City with {v} degrees?", "Do you know the city with {v} degrees?", "Please look up the city with the temperature {v}.", "Quick question: what is the city where it is {v} degrees?", "The name of the city with {v} degrees?", "So what is the city with {v} degrees?", "What's the city with the temperature {v}?", "I am looking for the city where it is {v} degrees.", "Can you see which city has {v} degrees?", "Find out where it is {v} degrees.", "I want to know in which city it is {v} degrees.", "I forgot which city has the temperature {v}.", "Can you say which city has {v} degrees?", "Help me find where it is {v} degrees.", "I can't remember in which city it is {v} degrees.", "Please say which city has the temperature {v}."),
        ("Weather:", "Temperatures:", "Weather today:", "The weather:", "Today:", "Weather now:", "Temperatures today:", "Degrees:", "Cities and degrees:", "Weather list:", "How warm it is:", "City weather:"),
    ),
    Domain(
        ("name", "food"), lex.person, _pick(lex.FOODS),
        ("{k} eats {v}.", "{k} likes {v}.", "{k} ordered {v}.", "{k} brings {v}.", "{k} wants {v}.", "{k} has {v}.", "{k} gets {v}.", "{k} took {v}.", "{k} chose {v}.", "{k} loves {v}.", "{k} asked for {v}.", "{k} bought {v}.", "{k} would like {v}.", "{k} will eat {v}.", "{k} will bring {v}.", "{k} is eating {v}.", "{k} had {v} for lunch.", "{k} has {v} for lunch.", "The food of {k} is {v}.", "The food for {k} is {v}.", "The order of {k} is {v}.", "The lunch of {k} is {v}.", "For {k} we have {v}.", "{k}'s food is {v}."),
        ("What does {k} eat?", "What did {k} order?", "What does {k} like?", "Which food does {k} have?", "What does {k} bring?", "Food of {k}?", "What food does {k} have?", "What food does {k} want?", "What food did {k} order?", "What food is for {k}?", "What food does {k} like?", "What does {k} get?", "What does {k} want?", "What does {k} have?", "What does {k} have for lunch?", "What does {k} eat for lunch?", "What did {k} ask for?", "What did {k} choose?", "What did {k} take?", "What did {k} bring?", "What did {k} eat?", "What is the food of {k}?", "What is the food for {k}?", "What is the order of {k}?", "What is {k}'s food?", "What is for {k}?", "Which food did {k} order?", "Which food does {k} eat?", "Which food does {k} like?", "Which food does {k} bring?", "Which food is for {k}?", "Which food goes with {k}?", "{k} eats what?", "{k} ordered what?", "{k} has which food?", "{k}: which food?", "{k}: what?", "{k}'s food?", "{k}'s order?", "Order of {k}?", "Food for {k}?", "Please check the food of {k}.", "Do you know the food for {k}?", "I can't remember {k}'s food.", "May I have {k}'s order?", "So what is the order of {k}?", "The food that {k} has?", "Let me know the food of {k}.", "Show me the food for {k}.", "Quick question: what is {k}'s food?", "Could you tell me {k}'s order?", "Say the order of {k}.", "Sorry, I forgot what {k} eats.", "Please tell me what {k} ordered.", "Find out what {k} likes.", "I want to know what food {k} has.", "Would you tell me which food {k} eats?", "Help me find which food is for {k}.", "Do you know what {k} gets?", "Let me know what {k} eats.", "I don't know what {k} ordered.", "Could you please tell me what {k} likes?", "I don't remember what food {k} has."),
        ("Who eats {v}?", "Who ordered {v}?", "Who likes {v}?", "Who brings {v}?", "Who has {v}?", "Who gets {v}?", "Who wants {v}?", "Who took {v}?", "Who chose {v}?", "Who loves {v}?", "Who asked for {v}?", "Who had {v}?", "Who has {v} for lunch?", "Who eats {v} for lunch?", "Which person eats {v}?", "Which person has {v}?", "Which person ordered {v}?", "Which person gets {v}?", "Whose food is {v}?", "Whose order is {v}?", "For whom is the food {v}?", "The {v} is for whom?", "The food {v} is for whom?", "{v} is the food of whom?", "{v}: who?", "{v}: for whom?", "Who is the person with {v}?", "Please show the person with {v}.", "What was the person who eats {v} again?", "The person who ordered {v} please.", "Write the name of the person with {v}.", "What's the person with {v}?", "Please name the person who eats {v}.", "I would like to know the person who ordered {v}.", "Help me find who eats {v}.", "Look up who ordered {v}.", "Tell me who has {v}.", "I wonder which person eats {v}.", "Do you know who gets {v}?", "Please say whose food is {v}.", "Sorry, I forgot who eats {v}.", "Would you tell me who ordered {v}?"),
        ("Orders:", "Food list:", "Lunch:", "Food:", "The orders:", "The food:", "Names and food:", "Who eats what:", "Who has what:", "Our lunch:", "Lunch list:", "Lunch orders:"),
    ),
    Domain(
        ("book", "author"), lambda rng: f"The {rng.choice(lex.BOOK_WORDS).capitalize()} {rng.choice(lex.BOOK_WORDS).capitalize()}", lex.person,
        ("{k} is by {v}.", "{k} was written by {v}.", "The author of {k} is {v}.", "{k} is a book by {v}.", "{k} is a story by {v}.", "{k} is from {v}.", "{k} is the work of {v}.", "{k} comes from {v}.", "{k} was made by {v}.", "{k} is the book of {v}.", "The book {k} is by {v}.", "The book {k} was written by {v}.", "The book {k} is from {v}.", "The writer of {k} is {v}.", "The author of the book {k} is {v}.", "The writer of the book {k} is {v}.", "The name of the author of {k} is {v}.", "{v} wrote {k}.", "{v} wrote the book {k}.", "{v} is the author of {k}.", "{v} is the writer of {k}.", "{v} has written {k}.", "In {k}, {v} tells a story."),
        ("Who wrote {k}?", "Who is the author of {k}?", "Which author wrote {k}?", "{k} is by whom?", "Author of {k}?", "By whom is {k}?", "Who wrote the book {k}?", "Who has written {k}?", "Who has written the book {k}?", "Who is the writer of {k}?", "Who is the author of the book {k}?", "Who is the writer of the book {k}?", "Who made the book {k}?", "Who is named as the author of {k}?", "What is the author of {k} called?", "What is the name of the author of {k}?", "What is the name of the writer of {k}?", "What author does {k} have?", "Which author has written {k}?", "Which author does {k} have?", "Which writer made {k}?", "Which writer wrote {k}?", "Which person wrote {k}?", "Which person is the author of {k}?", "From whom is {k}?", "From whom is the book {k}?", "By whom is the book {k}?", "By whom was {k} written?", "By which author is {k}?", "By which writer is the book {k}?", "{k} was written by whom?", "{k} is from whom?", "The book {k} is by whom?", "{k}: who wrote it?", "{k}: which author?", "{k}'s author?", "Writer of {k}?", "Author of the book {k}?", "Please name the author of {k}.", "Give me the writer of {k}.", "Say the name of the author of {k}.", "Tell me the author of the book {k}, please.", "Check the person who wrote {k} for me.", "I'd like to have the author of {k}.", "Write the writer of {k}.", "Help me find the name of the author of {k}.", "I would like to know the author of the book {k}.", "I need to know the person who wrote {k}.", "I want to know the author of {k}.", "I wonder who wrote {k}.", "Help me find who is the author of {k}.", "Can you say which author wrote {k}?", "Do you know by whom {k} is?", "I am not sure who wrote the book {k}.", "My question is who has written {k}.", "Please let me know who wrote {k}.", "I forgot who is the author of {k}.", "Hi, can you tell me which author wrote {k}?", "Please tell me by whom {k} is.", "Can you see who wrote the book {k}?"),
        ("What did {v} write?", "Which book is by {v}?", "Which book did {v} write?", "What is the book by {v}?", "What book did {v} write?", "What book is by {v}?", "What book is from {v}?", "What book was written by {v}?", "What is by {v}?", "What has {v} written?", "What is the book of {v}?", "What is the title of the book by {v}?", "What is the name of the book by {v}?", "What was written by {v}?", "Which book was written by {v}?", "Which book has {v} written?", "Which book is from {v}?", "Which book has the author {v}?", "Which title is by {v}?", "Which title did {v} write?", "Of which book is {v} the author?", "Of which book is {v} the writer?", "{v} wrote what?", "{v} wrote which book?", "{v} is the author of which book?", "{v}: which book?", "Book by {v}?", "Title of the book by {v}?", "Write the book by {v}.", "And the title of the book by {v}?", "I want the book that {v} wrote.", "Tell me the book of {v}, please.", "Help me find the name of the book by {v}.", "Do you know the book by {v}?", "Find the title of the book by {v}.", "Look up what {v} wrote.", "Can you see which book {v} wrote?", "I need to know which book is by {v}.", "Tell me what book is by {v}.", "I am not sure which book was written by {v}.", "Please tell me what {v} wrote.", "Please find out which book {v} wrote.", "Hi, can you tell me which book is by {v}?"),
        ("Books:", "Library:", "Reading list:", "Our books:", "My books:", "Book list:", "The library:", "Books to read:", "Books and authors:", "Titles:", "Authors:", "Who wrote what:"),
    ),
    Domain(
        ("order", "state"), lambda rng: str(rng.randint(100, 99999)), _pick(lex.STATES),
        ("Order {k} is {v}.", "The state of order {k} is {v}.", "Order {k} was {v}.", "Order {k} is now {v}.", "Order {k} has the state {v}.", "Order {k} is marked {v}.", "Order {k} is set to {v}.", "Order {k}: {v}.", "Order {k} shows {v}.", "Order number {k} is {v}.", "Order number {k} was {v}.", "Your order {k} is {v}.", "The order {k} is {v}.", "The order {k} was {v}.", "The order with the number {k} is {v}.", "The state of {k} is {v}.", "The state for order {k} is {v}.", "The status of order {k} is {v}.", "For order {k} the state is {v}.", "For order {k} we have {v}.", "We marked order {k} as {v}.", "We have order {k} as {v}."),
        ("What is the state of order {k}?", "How is order {k}?", "What about order {k}?", "Is order {k} done? Give its state.", "State of order {k}?", "Tell me the state of {k}.", "What is the state of {k}?", "What is the state for order {k}?", "What is the status of order {k}?", "What is the status of {k}?", "What is the state of the order {k}?", "What is the state of order number {k}?", "What state does order {k} have?", "What state is order {k} in?", "What status does order {k} have?", "What happened to order {k}?", "What happened with order {k}?", "What is order {k}?", "Which state does order {k} have?", "Which state is order {k} in?", "Which status does order {k} have?", "In which state is order {k}?", "In what state is order {k}?", "How is my order {k}?", "How is it with order {k}?", "How is order number {k}?", "How far is order {k}?", "How about order {k}?", "What about my order {k}?", "My order is {k}. What is its state?", "My order number is {k}. What is the status?", "Order {k}: what state?", "Order {k} is in which state?", "Order {k}: how is it?", "Order {k} has what status?", "Status of order {k}?", "State of the order {k}?", "Status of {k}?", "State of {k}?", "Hi, what is the state of order {k}?", "Please give me the status of order {k}.", "I need to know the state of {k}.", "Please check the state of my order {k}.", "I can't remember the status of order number {k}.", "Say the state of order {k}.", "May I have the status of order {k}?", "Read out the state of {k}.", "Sorry, what is the state of my order {k}?", "What was the status of order number {k} again?", "Can you give me the state of order {k}?", "My question is what the state of order {k} is.", "I don't remember how order {k} is.", "Can you see which state order {k} has?", "I want to know what state order {k} is in.", "I am not sure in which state order {k} is.", "Tell me what happened to order {k}.", "I forgot what the state of order {k} is.", "Find out how order {k} is.", "Can you tell me which state order {k} has?", "Check what state order {k} is in.", "Look up in which state order {k} is."),
        ("Which order is {v}?", "What order is {v}?", "Give the order that is {v}.", "Which order has the state {v}?", "Which order is now {v}?", "Which order is marked {v}?", "Which order is in the state {v}?", "Which order has the status {v}?", "Which order was {v}?", "Which order shows {v}?", "What order has the state {v}?", "What order has the status {v}?", "What order is now {v}?", "What is the number of the order that is {v}?", "What is the order with the state {v}?", "Which order number is {v}?", "Which order number has the state {v}?", "{v} is the state of which order?", "{v}: which order?", "Order with the state {v}?", "Order number with the status {v}?", "Which of the orders is {v}?", "Which one of the orders is {v}?", "Please show the order that is {v}.", "I forgot the order with the state {v}.", "Look up the number of the order that is {v}.", "I need to know the order with the status {v}.", "Write the order that is {v}.", "Tell me the order with the state {v}, please.", "Quick question: what is the number of the order that is {v}?", "I want to know which order is {v}.", "I forgot which order has the state {v}.", "Hi, can you tell me what order is {v}?", "Look up which order has the status {v}.", "Please say which order is {v}.", "Do you know which order has the state {v}?", "Can you see what order is {v}?", "Check which order has the status {v}."),
        ("Orders:", "State of orders:", "Order list:", "The orders:", "Our orders:", "Order states:", "Orders and states:", "Open and done orders:", "My orders:", "Status list:", "Order status:"),
    ),
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
    place = [v for _, v in rows].index(wanted)
    key = rows[place][0]
    passed = (f"{k} {v} no" for k, v in rows[:place])
    return [workings.Aside(f"find: {wanted}"), *passed, f"{key} {wanted} yes", workings.Aside(key)]


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
    return question, [workings.Aside(f"find: {key}"), texts[index].strip(), workings.Aside(value)], value


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
    (("name", lex.person), ("age", _number(3, 99)), ("city", _place), ("job", _pick(lex.JOBS)), ("color", _pick(lex.COLORS))),
    (("item", _thing), ("price", _price), ("stock", _number(0, 300)), ("color", _pick(lex.COLORS)), ("code", lex.code)),
    (("event", _pick(lex.EVENTS)), ("day", _pick(list(lex.DAYS))), ("time", _clock), ("place", _pick(lex.PLACES))),
    (("order", _number(100, 9999)), ("name", lex.person), ("item", _thing), ("state", _pick(lex.STATES)), ("amount", _number(1, 99))),
    (("city", _place), ("country", _pick(lex.COUNTRIES)), ("temperature", _number(0, 39)), ("code", lex.code)),
    (("pet", _pick(lex.PET_NAMES)), ("animal", _pick(lex.PETS)), ("age", _number(1, 20)), ("owner", lex.person)),
    (("id", _number(1, 999)), ("name", lex.person), ("score", _number(0, 100)), ("team", _pick(lex.COLORS))),
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
    trace = workings.asides(f"find: {heads[column]} of {row[0]}", left + between.join(row) + right)
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
    "name": lex.person, "age": _number(3, 99), "city": _place, "job": _pick(lex.JOBS), "color": _pick(lex.COLORS), "pet": _pick(lex.PETS),
    "country": _pick(lex.COUNTRIES), "item": lambda rng: lex.one(rng.choice(lex.THINGS)), "price": _number(1, 300), "count": _number(2, 99),
    "event": _pick(lex.EVENTS), "day": _pick(list(lex.DAYS)), "place": _pick(lex.PLACES), "time": _clock, "from": _place, "to": _place,
    "hobby": _pick(lex.HOBBIES), "order": _number(100, 9999), "state": _pick(lex.STATES), "code": lex.code, "food": _pick(lex.FOODS),
    "month": _pick(list(lex.MONTHS)), "phone": _number(1000, 99999), "animal": _pick(lex.PETS), "owner": lex.person, "sport": _pick(lex.SPORTS),
    "room": _number(1, 399), "items": _pick(lex.THINGS), "friend": lex.person,
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
