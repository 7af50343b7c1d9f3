"""The word problems told as a chain: how a count begins, grows, shrinks and is asked for. Knows no arithmetic and no scene.

Slots as in `scenes`; {a} is the first count, {b} a change. Three tellers: somebody, the user, a place.
"""

from __future__ import annotations

CHAIN_START = (
    "{n} has {a} {i}.", "{n} had {a} {i}.", "{n} starts with {a} {i}.", "At first {n} has {a} {i}.", "{n} owns {a} {i}.",
    "There are {a} {i} in {n}'s bag.", "{n} collected {a} {i}.", "In the morning {n} has {a} {i}.", "{n} got {a} {i} as a gift.",
    "{n} keeps {a} {i} in a box.", "{n} bought {a} {i}.", "{n} found {a} {i}.", "{n} begins with {a} {i}.", "Yesterday {n} had {a} {i}.",
    "{n} brings {a} {i} to school.", "{n} made {a} {i}.", "Suppose {n} has {a} {i}.", "{n} has a box with {a} {i} in it.",
    "{n} is holding {a} {i}.", "{n} counted {a} {i}.", "My friend {n} has {a} {i}.", "{n} took {a} {i} to the {shop}.",
)  # fmt: skip
CHAIN_START_I = (
    "I have {a} {i}.", "I had {a} {i}.", "I bought {a} {i}.", "I start with {a} {i}.", "I own {a} {i}.", "I got {a} {i} today.",
    "At first I have {a} {i}.", "I found {a} {i}.", "Yesterday I had {a} {i}.", "I've got {a} {i}.", "I own a box of {a} {i}.",
)  # fmt: skip
CHAIN_START_PLACE = (
    "There are {a} {i} on the table.", "A {box} holds {a} {i}.", "There are {a} {i} in a {box}.", "A {shop} has {a} {i}.",
    "There were {a} {i} in the {shop}.", "The {shop} starts the day with {a} {i}.", "A {box} contains {a} {i}.", "We have {a} {i}.",
    "In the {box} there are {a} {i}.", "There are {a} {i} in the {shop}.", "They have {a} {i}.", "Our {shop} has {a} {i}.",
)  # fmt: skip

GAIN = (
    "{S} buys {b} more.", "{S} gets {b} more.", "{S} finds {b} more.", "{m} gives {o2} {b} more.", "Then {s} gets {b} more {i}.",
    "{S} receives {b} more from {m}.", "Then {s} buys another {b}.", "{S} wins {b} more.", "Later {s} finds {b} {i}.",
    "{S} picks {b} more {i}.", "{S} is given {b} more.", "{S} adds {b} more.", "{m} brings {o2} {b} {i}.", "Then {s} buys {b} more {i}.",
    "After that {s} gets another {b} {i}.", "{S} takes {b} from {m}.", "{S} makes {b} more.", "{S} collects {b} more.",
    "{h2} mother gives {o2} {b} more.", "Next {s} gets {b} extra.", "A friend gives {o2} {b}.", "{S} earns {b} more.",
)  # fmt: skip
LOSE = (
    "{S} gives {b} to {m}.", "{S} loses {b}.", "{S} sells {b}.", "Then {s} loses {b} of them.", "{S} gives away {b}.",
    "{S} gives {m} {b} {i}.", "{b} of them break.", "Then {s} sells {b} {i}.", "{S} throws away {b}.", "{S} drops {b} of them.",
    "Later {s} gives {b} of them to {m}.", "{m} takes {b} of them.", "{S} hands {b} to {m}.", "{S} uses {b}.", "After that {s} gives {b} away.",
    "{S} puts {b} of them away.", "Then {b} get lost.", "{S} leaves {b} at school.", "{S} gives {b} {i} to a friend.", "{S} lends {b} to {m}.",
    "Next {s} uses {b} of them.", "{m} steals {b}.", "{S} eats {b} of them.",
)  # fmt: skip
GAIN_I = (
    "I buy {b} more.", "I get {b} more.", "{m} gives me {b} more.", "Then I find {b} more.", "I am given {b} more.", "I add {b} more.",
    "Then I buy another {b}.", "My mother gives me {b} {i}.", "I pick {b} more.", "Later I get {b} {i}.", "A friend gives me {b}.", "I win {b} more.",
)  # fmt: skip
LOSE_I = (
    "I give {b} to {m}.", "I lose {b}.", "I sell {b}.", "Then I give away {b}.", "I use {b} of them.", "I throw away {b}.",
    "{m} takes {b} of them.", "Then I lose {b} of them.", "I give my friend {b}.", "Later I sell {b} {i}.", "{b} of them break.", "I eat {b}.",
)  # fmt: skip
GAIN_PLACE = (
    "{b} more are added.", "{m} adds {b} more.", "Then {b} more arrive.", "{n} puts in {b} more.", "We add {b} more {i}.",
    "{m} brings {b} more.", "Another {b} come in.", "{n} brings {b} more {i}.", "Then someone adds {b}.", "Later {b} more are put there.",
)  # fmt: skip
LOSE_PLACE = (
    "{b} are sold.", "{m} takes {b}.", "Then {b} are taken away.", "{n} takes {b} of them.", "{b} of them are lost.", "{b} are removed.",
    "{n} takes out {b}.", "Then {b} are given away.", "{m} buys {b} of them.", "Later {b} are thrown away.", "{b} of them are broken.",
)  # fmt: skip
CHAIN_ASK = (
    "How many {i} does {n} have now?", "How many {i} are left?", "How many does {s} have now?", "How many {i} does {s} have?",
    "How many {i} has {n} got now?", "How many are there in the end?", "What is the number of {i} {n} has now?", "How many does {n} have?",
    "How many {i} does {s} have in the end?", "Count {h} {i}.", "How many {i} does {n} have in total?", "Tell me how many {i} {n} has.",
    "Now how many {i} does {n} have?", "How many {i} does {n} have at the end?", "How many {i} remain?", "So how many {i} now?",
    "Find the number of {i} {n} has now.", "How many {i} does {n} end up with?",
)  # fmt: skip
CHAIN_ASK_LEFT = (
    "How many {i} does {n} have left?", "How many does {n} have left?", "How many {i} does {s} have left?", "How many does {s} have left?", "How many {i} has {n} left?", "How many {i} does {n} still have?",
    "What number of {i} does {n} have left?", "How many {i} are left over?", "How many {i} does that leave?", "How many {i} will {n} have left?",
)  # fmt: skip
CHAIN_ASK_I = (
    "How many {i} do I have now?", "How many do I have?", "How many {i} do I have?", "How many {i} do I have left?", "How many are left?",
    "How many {i} do I have in total?", "So how many do I have now?", "What is the number of {i} I have now?", "How many {i} are there now?",
    "Tell me how many {i} I have.", "How many {i} do I have in the end?", "How many do I have altogether?", "How many {i} have I got?",
)  # fmt: skip
CHAIN_ASK_PLACE = (
    "How many {i} are there now?", "How many {i} are left?", "How many are there now?", "How many {i} remain?", "How many are left?",
    "What is the number of {i} now?", "How many {i} are there in the end?", "Tell me how many {i} there are now.", "How many now?",
    "How many {i} are there in total?", "Find how many {i} are there now.",
)  # fmt: skip
