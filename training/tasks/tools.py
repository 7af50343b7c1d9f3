"""Calling a given tool, using what a tool returned, and leaving tools alone where none is needed.

Each tool is described once: its schema, what people say that asks for it, and how its result is told. Knows no network.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from training.tasks import lexicon_scenes as lex
from training.tasks.base import Example, Messages, Task, Wording, user
from training.tasks.talk import small_exchange

Make = Callable[[random.Random], Any]


def _word(words: list[str]) -> Make:
    return lambda rng: rng.choice(words)


def _integer(low: int, high: int) -> Make:
    return lambda rng: rng.randint(low, high)


def _city(rng: random.Random) -> str:
    return lex.pseudo_word(rng).capitalize() if rng.random() < 0.2 else rng.choice(lex.CITIES)


def _topic(rng: random.Random) -> str:
    first = rng.choice(rng.choice((lex.COLORS, lex.ANIMALS, lex.THINGS, lex.FOODS, lex.SPORTS, lex.CITIES)))
    return first if rng.random() < 0.6 else f"{first} {rng.choice(lex.SHOPS + lex.EVENTS)}"


def _clock(rng: random.Random) -> str:
    return f"{rng.randint(1, 23)}:{rng.choice((0, 10, 15, 20, 30, 45)):02d}"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: names it may go by, its parameters, requests for it, and results as (key, value) with the sentence to say."""

    names: tuple[str, ...]
    about: str
    parameters: tuple[tuple[str, Make], ...]
    asks: tuple[str, ...]
    result: tuple[tuple[str, Make], ...]
    say: str


_TEMPERATURE: Make = _integer(0, 38)
_SKY: Make = _word(lex.words("sunny cloudy rainy windy snowy foggy clear warm cold stormy"))

TOOLS: tuple[Tool, ...] = (
    Tool(("get_weather", "weather", "current_weather", "get_current_weather"), "Get the weather in a city.", (("city", _city),),
         ("What is the weather in {city}?", "How is the weather in {city}?", "Is it raining in {city}?", "What's the weather like in {city}?", "Weather in {city}?", "Tell me the weather for {city}.", "How warm is it in {city} now?", "Do I need a coat in {city}?", "Check the weather in {city}.", "Is it sunny in {city} today?", "I am going to {city}. How is the weather there?", "What is it like outside in {city}?"),
         (("temperature", _TEMPERATURE), ("sky", _SKY)), "It is {temperature} degrees and {sky} in {city}."),
    Tool(("get_temperature", "temperature", "read_temperature"), "Get the temperature of a place.", (("location", _city),),
         ("What is the temperature in {location}?", "How many degrees is it in {location}?", "How hot is it in {location}?", "How cold is it in {location}?", "Temperature in {location}?", "Tell me the temperature for {location}.", "Get the temperature of {location}.", "Give me the degrees in {location}."),
         (("temperature", _TEMPERATURE),), "It is {temperature} degrees in {location}."),
    Tool(("get_time", "current_time", "get_current_time", "time_in"), "Get the time in a city.", (("city", _city),),
         ("What time is it in {city}?", "What is the time in {city}?", "Tell me the time in {city}.", "How late is it in {city}?", "Time in {city}?", "Can you check the time in {city}?", "What's the current time in {city}?", "Is it night in {city}?", "I need the time in {city}.", "Do you know what time it is in {city}?"),
         (("time", _clock),), "It is {time} in {city}."),
    Tool(("add", "sum", "add_numbers"), "Add two numbers.", (("a", _integer(1, 999)), ("b", _integer(1, 999))),
         ("Use the tool to add {a} and {b}.", "Add {a} and {b} with the tool.", "What is {a} plus {b}? Use the tool.", "Add {a} and {b}.", "Please add {a} to {b} with your tool.", "Call the tool for {a} + {b}.", "Let the tool compute {a} + {b}.", "What is {a} + {b}? Call the function."),
         (("result", _integer(2, 1998)),), "The sum is {result}."),
    Tool(("multiply", "product", "multiply_numbers"), "Multiply two numbers.", (("a", _integer(2, 99)), ("b", _integer(2, 99))),
         ("Use the tool to multiply {a} and {b}.", "Multiply {a} by {b} with the tool.", "What is {a} times {b}? Use the tool.", "Multiply {a} by {b}.", "Call the tool for {a} * {b}.", "Let the tool compute {a} * {b}.", "What is {a} * {b}? Call the function."),
         (("result", _integer(4, 9801)),), "The product is {result}."),
    Tool(("search", "web_search", "search_web", "find"), "Search the web.", (("query", _topic),),
         ("Search for {query}.", "Search the web for {query}.", "Look for {query} on the web.", "Find something about {query}.", "Can you search for {query}?", "Please look up {query} online.", "What can you find about {query}?", "I want to read about {query}.", "Do a search for {query}.", "Find news about {query}."),
         (("results", _integer(0, 99)),), "I found {results} results for {query}."),
    Tool(("convert_currency", "convert", "exchange"), "Convert money.", (("amount", _integer(1, 900)), ("to", _word(["EUR", "USD", "GBP", "JPY", "CHF", "INR"]))),
         ("Convert {amount} dollars to {to}.", "How much is {amount} dollars in {to}?", "Change {amount} dollars into {to}.", "What are {amount} dollars in {to}?", "I have {amount} dollars and need {to}.", "Exchange {amount} dollars to {to}.", "Give me {amount} dollars as {to}."),
         (("value", _integer(1, 9000)),), "That is {value} {to}."),
    Tool(("lookup_order", "get_order", "order_status", "track_order"), "Look up an order.", (("order_id", _integer(100, 99999)),),
         ("Where is my order {order_id}?", "What is the state of order {order_id}?", "Check order {order_id}.", "Look up order {order_id}.", "Has order {order_id} been sent?", "My order number is {order_id}. Where is it?", "Can you track order {order_id}?", "Find the order with the number {order_id}.", "Tell me about order {order_id}.", "Is order {order_id} ready?"),
         (("status", _word(lex.words("sent ready open late lost packed paid closed"))),), "Order {order_id} is {status}."),
    Tool(("send_email", "send_message", "send_mail"), "Send a message.", (("to", lex.person), ("text", _word(["hello", "thank you", "see you soon", "good luck", "happy birthday", "call me", "I am late", "yes", "no"]))),
         ("Send {to} the message {text}.", "Tell {to}: {text}", "Write {text} to {to}.", "Send a message to {to}: {text}", "Please write to {to}: {text}", "Email {to} and say {text}."),
         (("sent", _word(["yes"])),), "I sent the message to {to}."),
    Tool(("set_timer", "start_timer", "timer"), "Set a timer.", (("minutes", _integer(1, 90)),),
         ("Set a timer for {minutes} minutes.", "Start a timer of {minutes} minutes.", "Timer {minutes} minutes please.", "Wake me in {minutes} minutes.", "Tell me when {minutes} minutes are over.", "Please set a {minutes} minute timer.", "Count down {minutes} minutes.", "Please count {minutes} minutes.", "I need a timer for {minutes} minutes.", "{minutes} minutes on the timer.", "Let a timer run for {minutes} minutes."),
         (("status", _word(["started", "set", "ok"])),), "The timer is set for {minutes} minutes."),
    Tool(("set_alarm", "create_alarm", "alarm"), "Set an alarm.", (("time", _clock),),
         ("Set an alarm for {time}.", "Wake me at {time}.", "Please wake me up at {time}.", "Alarm at {time}.", "I must get up at {time}. Set an alarm.", "Can you set the alarm to {time}?", "I want to get up at {time}.", "Get me up at {time}.", "Make an alarm for {time}.", "Ring at {time}.", "Let the alarm ring at {time}.", "Alarm for {time} please.", "Please set the alarm for {time}.", "I have to be awake at {time}.", "Wake me up at {time} tomorrow.", "I need an alarm at {time}.", "Put an alarm on {time}."),
         (("status", _word(["set", "ok", "on"])),), "The alarm is set for {time}."),
    Tool(("play_music", "play_song", "play"), "Play music.", (("title", lambda rng: f"{rng.choice(lex.COLORS)} {rng.choice(lex.BOOK_WORDS)}"),),
         ("Play {title}.", "Play the song {title}.", "I want to hear {title}.", "Put on {title}.", "Can you play {title}?", "Start the music {title}.", "Please play {title} for me.", "Let me hear {title}.", "I would like to listen to {title}.", "Music: {title}", "Can I hear {title}?", "Let us hear {title}."),
         (("status", _word(["playing", "ok", "started"])),), "I am playing {title}."),
    Tool(("turn_on_light", "light_on", "switch_light"), "Turn on a light.", (("room", _word(lex.PLACES)),),
         ("Turn on the light in the {room}.", "Light on in the {room}.", "Switch on the {room} light.", "It is dark in the {room}.", "Make light in the {room}.", "Please turn the light on in the {room}.", "I need light in the {room}."),
         (("status", _word(["on", "ok"])),), "The light in the {room} is on."),
    Tool(("get_price", "price_of", "product_price", "check_price"), "Get the price of an item.", (("item", lambda rng: rng.choice(lex.GOODS)),),
         ("How much is the {item}?", "What does the {item} cost?", "Price of the {item}?", "Check the price of the {item}.", "Tell me the price of a {item}.", "How much does a {item} cost?", "What is the price for the {item}?", "I want to buy a {item}. How much is it?"),
         (("price", _integer(1, 400)),), "The {item} costs {price} dollars."),
    Tool(("get_stock", "check_stock", "in_stock"), "Count an item in the store.", (("item", lambda rng: rng.choice(lex.THINGS)),),
         ("How many {item} are in stock?", "Do we have {item}?", "Check the stock of {item}.", "Are there {item} in the store?", "How many {item} do we have?", "Stock of {item}?", "Tell me how many {item} are left.", "Count the {item} in the store.", "What is our stock of {item}?", "How many {item} can we sell?", "Have we got any {item}?", "Look if there are {item}.", "How many of the {item} are there?", "Tell me the stock of {item}.", "Is there any stock of {item}?", "Check if we have {item}.", "How many {item} are in the store?", "Do we still have {item}?"),
         (("count", _integer(0, 400)),), "There are {count} {item} in stock."),
    Tool(("get_stock_price", "share_price", "stock_price"), "Get the price of a share.", (("symbol", _word(lex.words("AAPL MSFT NVDA TSLA GOOG AMZN META IBM AMD INTC ORCL SAP"))),),
         ("What is the stock price of {symbol}?", "How much is {symbol}?", "Price of {symbol}?", "Check the share price of {symbol}.", "What does {symbol} trade at?", "Tell me the price of {symbol}.", "How is {symbol} doing?"),
         (("price", _integer(5, 900)),), "{symbol} is at {price} dollars."),
    Tool(("find_user", "get_user", "lookup_user", "user_info"), "Find a user by name.", (("name", lex.person),),
         ("Find the user {name}.", "Look up {name}.", "Who is the user {name}?", "Show me the user {name}.", "Get the user data of {name}.", "Is there a user called {name}?", "Search the user {name}."),
         (("age", _integer(18, 90)), ("city", _word(lex.CITIES))), "{name} is {age} and lives in {city}."),
    Tool(("get_phone", "phone_number", "find_phone"), "Find a phone number.", (("name", lex.person),),
         ("What is the phone number of {name}?", "Find the phone number of {name}.", "How can I call {name}?", "Give me the number of {name}.", "Phone number of {name}?", "I want to call {name}. What is the number?"),
         (("phone", _integer(1000, 99999)),), "The number of {name} is {phone}."),
    Tool(("create_event", "add_event", "book_event"), "Add an event to the calendar.", (("title", _word(lex.EVENTS)), ("day", _word(list(lex.DAYS)))),
         ("Add a {title} on {day}.", "Put a {title} on {day}.", "Plan a {title} for {day}.", "I have a {title} on {day}. Add it.", "Make a {title} on {day}.", "Write {title} in my calendar for {day}."),
         (("status", _word(["added", "saved", "ok"])),), "The {title} on {day} is saved."),
    Tool(("book_table", "reserve_table", "reserve"), "Book a table.", (("people", _integer(1, 12)), ("time", _clock)),
         ("Book a table for {people} at {time}.", "Reserve a table for {people} people at {time}.", "I need a table for {people} at {time}.", "Table for {people} at {time} please.", "We are {people} people and come at {time}. Book a table."),
         (("table", _integer(1, 60)),), "Table {table} is booked for {time}."),
    Tool(("translate", "translate_text", "translate_word"), "Translate a word.", (("text", lambda rng: rng.choice(lex.GOODS + lex.PETS)), ("to", _word(lex.words("French German Spanish Italian Polish Turkish")))),
         ("Translate {text} to {to}.", "Translate {text} into {to}.", "What is {text} in {to}?", "How do you say {text} in {to}?", "Give me the {to} word for {text}.", "Say {text} in {to}."),
         (("word", lambda rng: lex.pseudo_word(rng)),), "In {to} it is {word}."),
    Tool(("get_capital", "capital_of", "find_capital"), "Get the capital of a country.", (("country", _word(lex.COUNTRIES)),),
         ("What is the capital of {country}?", "Capital of {country}?", "Which city is the capital of {country}?", "Tell me the capital of {country}.", "Find the capital of {country}.", "Name the capital of {country}."),
         (("capital", _word(lex.CITIES)),), "The capital of {country} is {capital}."),
    Tool(("get_population", "population", "count_people"), "Get how many people live in a city.", (("city", _city),),
         ("How many people live in {city}?", "What is the population of {city}?", "Population of {city}?", "How big is {city}?", "Tell me how many people {city} has.", "Find the population of {city}."),
         (("population", _integer(1000, 99999)),), "{population} people live in {city}."),
    Tool(("get_distance", "distance", "route"), "Get the distance between two cities.", (("start", _word(lex.CITIES)), ("end", _word(lex.CITIES))),
         ("How far is it from {start} to {end}?", "What is the distance from {start} to {end}?", "Distance from {start} to {end}?", "How many km are there from {start} to {end}?", "How long is the way from {start} to {end}?", "Check the distance between {start} and {end}."),
         (("km", _integer(20, 9000)),), "It is {km} km from {start} to {end}."),
    Tool(("find_flight", "search_flight", "get_flight"), "Find a flight.", (("to", _word(lex.CITIES)), ("day", _word(list(lex.DAYS)))),
         ("Find a flight to {to} on {day}.", "I want to fly to {to} on {day}.", "Is there a flight to {to} on {day}?", "Flights to {to} on {day}?", "Look for a flight to {to} for {day}.", "How can I fly to {to} on {day}?"),
         (("time", _clock), ("price", _integer(40, 900))), "There is a flight to {to} at {time} for {price} dollars."),
    Tool(("get_train", "next_train", "train_time"), "Get the next train to a city.", (("to", _city),),
         ("When is the next train to {to}?", "When does the train to {to} leave?", "Next train to {to}?", "Find a train to {to}.", "I need a train to {to}.", "Tell me when the next train to {to} goes."),
         (("time", _clock),), "The next train to {to} leaves at {time}."),
    Tool(("read_file", "open_file", "get_file"), "Read a file.", (("path", lambda rng: f"{lex.pseudo_word(rng)}.{rng.choice(('txt', 'md', 'csv', 'py', 'log'))}"),),
         ("Read the file {path}.", "Open {path}.", "What is in {path}?", "Show me the file {path}.", "Read {path} for me.", "What does the file {path} say?", "Please open the file {path}."),
         (("lines", _integer(1, 500)),), "The file {path} has {lines} lines."),
    Tool(("get_balance", "account_balance", "balance"), "Get the balance of an account.", (("account", _integer(100, 9999)),),
         ("What is the balance of account {account}?", "How much money is in account {account}?", "Check account {account}.", "Balance of {account}?", "Tell me the balance of account {account}.", "How much is left in account {account}?"),
         (("balance", _integer(0, 9999)),), "Account {account} has {balance} dollars."),
    Tool(("save_note", "add_note", "write_note"), "Save a note.", (("text", lambda rng: f"buy {rng.choice(lex.THINGS)}" if rng.random() < 0.5 else f"call {rng.choice(lex.PEOPLE)}"),),
         ("Note: {text}", "Save the note {text}.", "Write down: {text}", "Make a note: {text}", "Please note {text}.", "Add a note that says {text}.", "Don't let me forget: {text}"),
         (("status", _word(["saved", "ok", "done"])),), "The note is saved."),
    Tool(("roll_dice", "roll", "dice"), "Roll a die.", (("sides", _integer(4, 100)),),
         ("Roll a die with {sides} sides.", "Roll a {sides} sided die.", "Throw a die that has {sides} sides.", "Please roll a die of {sides} sides.", "Roll with {sides} sides."),
         (("value", _integer(1, 100)),), "The die shows {value}."),
    Tool(("get_score", "match_score", "team_score"), "Get the score of a team.", (("team", _city),),
         ("What is the score of {team}?", "How did {team} play?", "Score of {team}?", "How many points does {team} have?", "Tell me the score of {team}.", "Did {team} win?"),
         (("score", _integer(0, 120)),), "{team} has {score} points."),
    Tool(("get_menu", "menu", "todays_menu"), "Get the menu of a day.", (("day", _word(list(lex.DAYS))),),
         ("What is for lunch on {day}?", "What do we eat on {day}?", "Menu for {day}?", "Show the menu of {day}.", "What is on the menu on {day}?", "Which food is there on {day}?"),
         (("food", _word(lex.FOODS)),), "On {day} there is {food}."),
    Tool(("calculate", "calculator", "evaluate"), "Calculate an expression.", (("expression", lambda rng: f"{rng.randint(2, 99)} {rng.choice('+-*')} {rng.randint(2, 99)}"),),
         ("Use the tool to calculate {expression}.", "Calculate {expression} with the tool.", "What is {expression}? Use the tool.", "Let the tool work out {expression}.", "Call the calculator for {expression}.", "Please use the tool for {expression}.", "Work out {expression} with the tool.", "Run the tool on {expression}.", "Compute {expression} with the tool.", "I need {expression}. Use the tool."),
         (("result", _integer(2, 9000)),), "The result is {result}."),
    Tool(("define", "define_word", "dictionary"), "Look a word up.", (("word", lambda rng: rng.choice(lex.GOODS + lex.BOOK_WORDS) if rng.random() < 0.6 else lex.pseudo_word(rng)),),
         ("Define {word}.", "What does the word {word} mean?", "Look up the word {word}.", "Give the meaning of {word}.", "What is the meaning of {word}?", "Find {word} in the dictionary."),
         (("meaning", lambda rng: f"a {rng.choice(lex.COLORS)} {rng.choice(lex.GOODS)}"),), "{word} means {meaning}."),
    Tool((), "", (("text", lambda rng: lex.pseudo_word(rng)),),
         ("Use the tool {tool} with {text}.", "Call {tool} for {text}.", "Run {tool} on {text}.", "Please call {tool} with {text}.", "Use {tool} on {text}.", "Call the function {tool} with {text}.", "Apply {tool} to {text}.", "I want you to run {tool} with {text}."),
         (("result", lambda rng: lex.pseudo_word(rng)),), "The result is {result}."),
    Tool((), "", (("n", _integer(1, 9999)),),
         ("Use the tool {tool} with {n}.", "Call {tool} for {n}.", "Run {tool} on {n}.", "Please call {tool} with {n}.", "Use {tool} on {n}.", "Call the function {tool} with {n}.", "Apply {tool} to {n}.", "I want you to run {tool} with {n}."),
         (("result", _integer(0, 9999)),), "The result is {result}."),
)  # fmt: skip
"""The last two take any name, so that unseen tools are called by what the prompt says and not from memory."""

_SPARE_NAMES = lex.words("id key value name code number item label word size")


def _made_up_name(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return f"{rng.choice(('get', 'find', 'make', 'check', 'run', 'do', 'read', 'send'))}_{lex.pseudo_word(rng)}"
    return lex.pseudo_word(rng, rng.randint(2, 3))


@dataclass(frozen=True, slots=True)
class Given:
    """A tool as this conversation has it: its name, its parameters' names and its schema."""

    tool: Tool
    name: str
    renamed: dict[str, str]
    schema: dict[str, Any]


def _give(rng: random.Random, tool: Tool, brief: bool) -> Given:
    """The tool's schema, spelt as fully or as briefly as callers do."""
    name = rng.choice(tool.names) if tool.names else _made_up_name(rng)
    renamed = {p: p for p, _ in tool.parameters}
    if len(tool.parameters) == 1 and rng.random() < (0.6 if not tool.names else 0.12):
        renamed = {p: rng.choice(_SPARE_NAMES) for p in renamed}
    types = {p: {"type": "integer" if isinstance(make(rng), int) else "string"} for p, make in tool.parameters}
    if not brief and rng.random() < 0.15:
        types = {p: {**kind, "description": f"The {p.replace('_', ' ')}"} for p, kind in types.items()}
    parameters: dict[str, Any] = {"type": "object", "properties": {renamed[p]: types[p] for p in renamed}}
    function: dict[str, Any] = {"name": name}
    if not brief and rng.random() < 0.5 and tool.about:
        function["description"] = tool.about
    function["parameters"] = parameters
    if not brief and rng.random() < 0.4:
        parameters["required"] = list(renamed.values())
    return Given(tool, name, renamed, {"type": "function", "function": function})


def _offered(rng: random.Random) -> tuple[list[Given], Given]:
    """One tool or two, and the one that will be needed."""
    count = 2 if rng.random() < 0.35 else 1
    chosen = rng.sample(TOOLS, count)
    while count == 2 and _alike(chosen[0].about, chosen[1].about) and chosen[0].names:
        chosen = rng.sample(TOOLS, count)
    given = [_give(rng, tool, brief=count == 2) for tool in chosen]
    if len({g.name for g in given}) < count:
        return _offered(rng)
    return given, rng.choice(given)


def _markup(calls: list[dict[str, Any]]) -> str:
    return f"<TOOLCALL>{json.dumps(calls)}</TOOLCALL>"


def _call(rng: random.Random, wording: Wording, needed: Given) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A request, the arguments as called, and the values under the tool's own names."""
    tool = needed.tool
    values = {p: make(rng) for p, make in tool.parameters}
    text = lex.articled(wording.pick(tool.asks).format(tool=needed.name, **values))
    if rng.random() < 0.15:
        text = (
            wording.pick(
                (
                    "Hi! ",
                    "Please help. ",
                    "Hello, ",
                    "I have a question. ",
                    "Quick: ",
                    "Use a tool. ",
                    "Can you help? ",
                    "One thing: ",
                    "Hey, ",
                )
            )
            + text
        )
    return text, {needed.renamed[p]: v for p, v in values.items()}, values


def _trace(name: str, arguments: dict[str, Any]) -> str:
    return "\n".join([f"tool: {name}", *(f"{k}: {v}" for k, v in arguments.items())])


def _same_call(expected: list[dict[str, Any]]) -> Callable[[str], bool]:
    def same(reply: str) -> bool:
        if not (reply.startswith("<TOOLCALL>") and reply.endswith("</TOOLCALL>")):
            return False
        try:
            return json.loads(reply.removeprefix("<TOOLCALL>").removesuffix("</TOOLCALL>")) == expected
        except ValueError:
            return False

    return same


_CHAT = frozenset(
    lex.words(
        "greeting,how are you,who are you,what can you do,thanks,goodbye,are you human,which model,how big are you,who made you,joke,"
        "praise,insult,feelings,how old are you,asks for code,asks for a long text,languages,mistakes,test",
        ",",
    )
)
SMALL_SUMS = (
    "What is {a} + {b}?", "{a}+{b}", "How much is {a} plus {b}?", "What is {a} plus {b}?", "{a} + {b} = ?", "{a} and {b} make what?", "Tell me {a} + {b}.", "Do you know {a} + {b}?",
)  # fmt: skip
_ARITHMETIC = frozenset(("Add two numbers.", "Multiply two numbers.", "Calculate an expression.", ""))
_BROAD = frozenset(
    (
        "Search the web.",
        "Add two numbers.",
        "Multiply two numbers.",
        "Calculate an expression.",
        "Save a note.",
        "Read a file.",
    )
)
_FAMILIES = tuple(frozenset(family) for family in (
    ("Get the weather in a city.", "Get the temperature of a place."),
    ("Look a word up.", "Translate a word."),
    ("Find a user by name.", "Find a phone number.", "Send a message."),
    ("Get the price of an item.", "Get the price of a share.", "Count an item in the store."),
    ("Find a flight.", "Get the next train to a city.", "Get the distance between two cities."),
    ("Set a timer.", "Set an alarm.", "Add an event to the calendar."),
))  # fmt: skip
"""Tools that a reader could take for one another: a request for one is not refused beside another."""


def _alike(one: str, other: str) -> bool:
    return one == other or any({one, other} <= family for family in _FAMILIES)


def tool_call(rng: random.Random, wording: Wording) -> Example:
    """A request that a given tool answers, or one that none of them is needed for."""
    given, needed = _offered(rng)
    tools = [g.schema for g in given]
    if rng.random() < 0.2:
        question, trace, answer, check = _no_tool(rng, wording, given)
        key = f"none|{question}"
        return Example(user(question), f"tool: none\n{trace}", answer, key, tools, fixed_wording=True, check=check)
    text, arguments, _ = _call(rng, wording, needed)
    calls = [{"name": needed.name, "arguments": arguments}]
    trace = _trace(needed.name, arguments)
    if needed.tool.names and len(arguments) == 1 and rng.random() < 0.06:
        more, arguments, _ = _call(rng, wording, needed)
        text = f"{text} {more}"
        calls.append({"name": needed.name, "arguments": arguments})
        trace += "\n" + _trace(needed.name, arguments)
    answer = _markup(calls)
    key = str(calls)
    return Example(user(text), trace, answer, key, tools, fixed_wording=True, check=_same_call(calls))


def _no_tool(
    rng: random.Random, wording: Wording, given: list[Given]
) -> tuple[str, str, str, Callable[[str], bool] | None]:
    """Something that needs no tool, or one that is not there."""
    roll = rng.random()
    abouts = {g.tool.about for g in given}
    if roll < 0.35 and not abouts & _ARITHMETIC:
        a, b = rng.randint(1, 9), rng.randint(1, 9)
        question = wording.pick(SMALL_SUMS).format(a=a, b=b)
        return question, f"{a}+{b}={a + b}", str(a + b), None
    if roll < 0.65 and not abouts & _BROAD:
        others = [t for t in TOOLS if t.names and t.about not in _BROAD and not any(_alike(t.about, x) for x in abouts)]
        other = rng.choice(others)
        question = wording.pick(other.asks).format(**{p: make(rng) for p, make in other.parameters})
        return lex.articled(question), "no tool for this", "Sorry, I have no tool for that.", None
    return small_exchange(rng, wording, _CHAT)


def _result_text(rng: random.Random, result: dict[str, Any]) -> str:
    style = rng.random()
    if len(result) == 1 and style < 0.15:
        return str(next(iter(result.values())))
    if style < 0.3:
        return ", ".join(f"{k}: {v}" for k, v in result.items())
    return json.dumps(result)


def tool_result(rng: random.Random, wording: Wording) -> Example:
    """The tool has answered: its result is told in one sentence."""
    given, needed = _offered(rng)
    tool = needed.tool
    text, arguments, values = _call(rng, wording, needed)
    result = {k: make(rng) for k, make in tool.result}
    match tool.about:
        case "Add two numbers.":
            result = {"result": values["a"] + values["b"]}
        case "Multiply two numbers.":
            result = {"result": values["a"] * values["b"]}
        case "Calculate an expression.":
            a, sign, b = values["expression"].split()
            result = {"result": {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign]}
        case "Roll a die.":
            result = {"value": rng.randint(1, values["sides"])}
        case _:
            pass
    answer = tool.say.format(**{**values, **result})
    trace_lines = [f"{k}: {v}" for k, v in result.items()]
    content = _result_text(rng, result)
    if rng.random() < 0.07:
        content = rng.choice(
            ('{"error": "not found"}', '{"error": "no data"}', "error", '{"error": "failed"}', "not found")
        )
        trace_lines, answer = ["error"], "Sorry, the tool found nothing."
    call_id = f"call_{rng.randint(1, 999)}"
    call = {"id": call_id, "type": "function", "function": {"name": needed.name, "arguments": json.dumps(arguments)}}
    messages: Messages = [
        {"role": "user", "content": text},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": content},
    ]
    key = f"{needed.name} {arguments} {content}"
    return Example(messages, "\n".join(trace_lines), answer, key, [g.schema for g in given], fixed_wording=True)


TASKS = [
    Task("tool_call", tool_call, weight=0.8, off_share=0.35, multi_step=False),
    Task("tool_result", tool_result, weight=0.6, off_share=0.3, multi_step=False),
]
