"""The word problems' scenes: stories, questions and the plan that solves each. Knows no arithmetic and no trace.

A scene's `plan` lists steps such as "a+b r-c": letters are the story's numbers, r is the last result, p the one before it,
digits stand for themselves. `sizes` says how large each number is: s 2-9, t 2-12, m 10-99, l 100-999, n any of them.
Slots: {n} {m} {o} people; {s} {S} {h} he/He/his for {n}; {i} {j} things; {i1} one of {i}; {box} {boxes}; {x} {y} animals;
{g} {k} goods; {col} {col2} colours; {day} {day2}; {shop} a place.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    sizes: str
    plan: str
    stories: tuple[str, ...]
    questions: tuple[str, ...]
    weight: float = 1.0


DISTRACTORS = (
    "{n} is {z} years old.", "{m} is {z} years old.", "It is {z} o'clock.", "{n} lives at number {z}.", "{m} has {z} {x}.",
    "The shop opens at {z}.", "{n} has {z} {x} at home.", "There are {z} people in the room.", "It is day {z} of the month.",
    "{n} has {z} cousins.", "The bus number is {z}.", "{m} waits for bus {z}.", "{h2} house has {z} rooms.", "Today it is {z} degrees.",
    "{n} waits {z} minutes.", "The table is {z} years old.",
)  # fmt: skip

LEADS = (
    "Solve this: ", "Problem: ", "Word problem: ", "Can you solve this? ", "Question: ", "Please solve: ", "Help me with this: ",
    "Here is a problem. ", "Think step by step. ", "Read and answer: ", "Work this out: ", "Hi! ", "I have a question. ", "Quick one: ",
)  # fmt: skip
TAILS = (
    " Give only the number.", " Think step by step.", " Answer with a number.", " Just the number please.", " Please help.",
    " Show only the result.", " Thanks!", " Explain in your head first.", " Reply with the number only.", " Work it out carefully.",
)  # fmt: skip

SCENES: tuple[Scene, ...] = (
    Scene(
        "a:s b:n", "b*a",
        (
            "There are {a} {boxes} with {b} {i} each.", "{n} has {a} {boxes}. Each {box} holds {b} {i}.", "A {shop} has {a} {boxes} of {b} {i}.",
            "{n} buys {a} {boxes} of {i}. There are {b} {i} in each {box}.", "Every {box} has {b} {i}. {n} has {a} {boxes}.",
            "{n} fills {a} {boxes} with {b} {i} each.", "I have {a} {boxes}, and in each {box} are {b} {i}.", "There are {b} {i} in one {box}. There are {a} {boxes}.",
            "{n} packs {b} {i} into each of {a} {boxes}.", "We have {a} {boxes} and {b} {i} in each one.", "Each of {a} children brings {b} {i}.", "{a} friends have {b} {i} each.",
        ),
        (
            "How many {i} are there in all?", "How many {i} are there in total?", "How many {i} is that?", "How many {i} altogether?", "What is the total number of {i}?",
            "How many {i} are there?", "Find the total number of {i}.", "Total {i}?", "How many {i} do they make together?", "Tell me how many {i} there are.",
        ),
    ),
    Scene(
        "a:s b:n c:n", "b*a r-c",
        (
            "There are {a} {boxes} with {b} {i} each. {c} {i} are sold.", "{n} has {a} {boxes} of {b} {i}. {S} gives {c} {i} to {m}.",
            "{n} buys {a} {boxes} with {b} {i} in each. {c} of the {i} are broken.", "Each {box} holds {b} {i}. {n} has {a} {boxes} and uses {c} {i}.",
            "A {shop} has {a} {boxes}. Each {box} has {b} {i}. Then {c} {i} are taken away.", "{n} packs {a} {boxes} with {b} {i} each, but {c} {i} get lost.",
            "I have {a} {boxes} of {b} {i} and I give away {c}.", "{a} {boxes} hold {b} {i} each. {m} takes {c} of the {i}.", "There are {b} {i} in each of {a} {boxes}. {n} sells {c} of them.",
            "{n} got {a} {boxes} with {b} {i} in each one. {S} lost {c} {i}.",
        ),
        (
            "How many {i} are left?", "How many {i} remain?", "How many {i} are there now?", "What is left?", "How many {i} are still there?", "Find how many {i} are left.",
            "How many are left over?", "So how many {i} are left?", "Now how many {i} are there?", "How many {i} does that leave?",
        ),
    ),
    Scene(
        "a:s b:n c:n", "b*a r+c",
        (
            "There are {a} {boxes} with {b} {i} each and {c} more {i} on the table.", "{n} has {a} {boxes} of {b} {i} and {c} single {i}.",
            "Each {box} holds {b} {i}. {n} has {a} {boxes} and {c} extra {i}.", "{n} buys {a} {boxes} with {b} {i} in each. {m} gives {o2} {c} more {i}.",
            "A {shop} has {a} {boxes}. Each {box} has {b} {i}. Then {c} more {i} arrive.", "{n} packs {a} {boxes} with {b} {i} each. {c} {i} do not fit.",
            "I have {a} {boxes} of {b} {i} and find {c} more {i}.", "{a} {boxes} hold {b} {i} each, and {m} brings {c} more {i}.", "There are {b} {i} in each of {a} {boxes}, and {c} {i} outside.",
            "{n} has {c} {i}. {S} buys {a} {boxes} of {b} {i}.",
        ),
        (
            "How many {i} are there in all?", "How many {i} are there in total?", "How many {i} altogether?", "What is the total number of {i}?", "How many {i} are there?",
            "How many {i} is that in total?", "Find the total.", "Total number of {i}?", "How many {i} are there now?", "So how many {i} in all?",
        ),
    ),
    Scene(
        "a:m b:s", "a/b",
        (
            "{n} shares {a} {i} equally among {b} friends.", "{a} {i} are shared equally by {b} children.", "{n} has {a} {i} and puts them into {b} {boxes} equally.",
            "{b} friends share {a} {i} equally.", "{n} splits {a} {i} evenly between {b} people.", "{n} divides {a} {i} into {b} equal groups.", "There are {a} {i} for {b} children. Everyone gets the same.",
            "A teacher gives {a} {i} to {b} children, the same number to each.", "{a} {i} are packed into {b} {boxes}, the same in each.", "I want to share {a} {i} equally with {b} people.",
        ),
        (
            "How many does each get?", "How many {i} are in each part?", "How many {i} for each one?", "How many {i} in one share?", "How many each?", "What is one share?",
            "How big is each share?", "How many {i} does that make for each?", "Find the number for each.", "How many go to each?",
        ),
    ),
    Scene(
        "a:m b:n c:s", "a+b r/c",
        (
            "{n} has {a} {i} and gets {b} more. {S} shares them equally among {c} friends.", "{n} has {a} {i} and {m} has {b}. They put them together and share them equally among {c} children.",
            "{n} buys {a} {i}, then {b} more. {S} puts them into {c} {boxes} equally.", "There are {a} {col} {i} and {b} {col2} {i}. {c} children share them equally.",
            "{n} picks {a} {i} and {m} picks {b}. All the {i} go into {c} {boxes}, the same in each.", "A {shop} has {a} {i} and buys {b} more. They are divided equally into {c} {boxes}.",
            "{n} finds {a} {i} on {day} and {b} on {day2}. {S} splits them evenly into {c} {boxes}.", "I have {a} {i}, get {b} more and share them equally with {c} friends.",
            "{n} made {a} {i} and {m} made {b}. {c} friends share all of them equally.", "{n} has {a} {i} at home and {b} at school. {S} divides all of them by {c}.",
        ),
        (
            "How many does each get?", "How many {i} are in each part?", "How many {i} for each one?", "How many in one share?", "How many each?", "What is one share?", "How big is each share?",
            "How many {i} does that make for each?", "Find the number for each.", "How many go to each?",
        ),
    ),
    Scene(
        "a:m b:n c:s", "a-b r/c",
        (
            "{n} has {a} {i} and eats {b}. {S} shares the rest equally among {c} friends.", "{n} has {a} {i}. {S} keeps {b} and splits the rest evenly between {c} children.",
            "There are {a} {i}. {b} are broken. The rest go into {c} {boxes}, the same in each.", "{n} buys {a} {i}, loses {b} and shares the others equally among {c} people.",
            "A {shop} has {a} {i} and sells {b}. The others are put into {c} {boxes} equally.", "{n} gives {b} of {h} {a} {i} to {m}. {S} divides the rest into {c} equal groups.",
            "I have {a} {i}, use {b} and share what is left equally with {c} friends.", "From {a} {i}, {b} are taken away. {c} children share the rest equally.", "{n} had {a} {i}. {b} got lost. {c} friends share the rest equally.",
        ),
        (
            "How many does each get?", "How many {i} are in each part?", "How many {i} for each one?", "How many in one share?", "How many each?", "What is one share?",
            "How big is each share?", "Find the number for each.", "How many go to each?",
        ),
    ),
    Scene(
        "a:n b:n", "a+b",
        (
            "{n} has {a} {i} and {m} has {b} {i}.", "There are {a} {col} {i} and {b} {col2} {i}.", "{n} reads {a} pages on {day} and {b} pages on {day2}.", "A farm has {a} {x} and {b} {y}.",
            "There are {a} boys and {b} girls in the {shop}.", "{n} picked {a} {i}. {m} picked {b}.", "One {box} has {a} {i} and another {box} has {b}.", "The {shop} sold {a} {i} on {day} and {b} on {day2}.",
            "{n} walks {a} steps and then {b} more.", "{n} paid {a} dollars and {m} paid {b} dollars.", "In a garden there are {a} {col} flowers and {b} {col2} flowers.", "I saw {a} {x} and {b} {y}.",
        ),
        (
            "How many is that together?", "How many in all?", "How many in total?", "How many altogether?", "What is the total?", "How many are there together?", "Find the total.", "How many does that make?",
            "What do they make together?", "Give the total.", "How much is that in total?",
        ),
    ),
    Scene(
        "a:n b:n c:n", "a+b r+c",
        (
            "{n} has {a} {i}, {m} has {b} and {o} has {c}.", "There are {a} {col} {i}, {b} {col2} {i} and {c} other {i}.", "{n} sold {a} {i} on Monday, {b} on Tuesday and {c} on Wednesday.",
            "A farm has {a} {x}, {b} {y} and {c} dogs.", "{n} reads {a} pages, then {b} pages and then {c} pages.", "Three {boxes} hold {a}, {b} and {c} {i}.", "{n} found {a} {i}, {m} found {b}, and {o} found {c}.",
            "The {shop} buys {a} {i}, then {b}, then {c}.", "I ran {a} km in May, {b} km in June and {c} km in July.", "In the {shop} there are {a} men, {b} women and {c} children.",
            "{n} spent {a} dollars on food, {b} dollars on books and {c} dollars on toys.", "{n} scored {a} points, {m} scored {b} and {o} scored {c}.",
        ),
        (
            "How many is that together?", "How many in all?", "How many in total?", "How many altogether?", "What is the total?", "How many are there together?", "Find the total.", "How many does that make?",
            "What do they make together?", "Give the total.", "How much is that in total?",
        ),
    ),
    Scene(
        "a:n b:n", "a-b",
        (
            "There are {a} children in the {shop}. {b} of them are girls, the others are boys.", "{n} has {a} {i}. {b} are {col} and the rest are {col2}.", "A book has {a} pages. {n} has read {b} pages, the others not yet.",
            "{n} wants {a} {i}. {S} has {b} already and needs the rest.", "The way is {a} km long. {n} has gone {b} km, the rest is still to go.", "{a} {x} are in a field. {b} go home, the others stay.",
            "A {shop} had {a} {i} and sold {b}. The rest stay there.", "There are {a} seats. {b} are taken, the others are free.", "{n} has {a} dollars and pays {b} dollars. The rest is saved.",
            "A {box} had {a} {i}, and {b} were eaten. The others remain.",
        ),
        (
            "How many is the rest?", "How many are the others?", "What is the rest?", "Find the rest.", "How many are the rest?", "How many others are there?", "Give the number of the others.", "How much is the rest?",
            "How big is the rest?", "Tell me the rest.",
        ),
    ),
    Scene(
        "a:n b:n", "a-b",
        (
            "{n} has {a} {i} and {m} has {b}.", "{n} has {a} {i}. {m} has {b} {i}.", "{n} scored {a} points and {m} scored {b}.", "{n} found {a} {i}. {m} found {b}.", "{n} ran {a} km and {m} ran {b} km.",
            "{n} is {a} years old and {m} is {b}.", "{n} read {a} pages, {m} read {b} pages.", "{n} picked {a} {i}, but {m} picked only {b}.", "{n} sold {a} tickets while {m} sold {b}.", "{m} has {b} cards. {n} has {a} cards.",
        ),
        (
            "How many more is that for {n} than {m}?", "What is the difference?", "How many more than {m} does {n} have?", "How many more does {n} have?", "How many fewer does {m} have than {n}?",
            "By how many is {n} ahead of {m}?", "Find the difference.", "How many more for {n}?", "How big is the difference between {n} and {m}?", "How much less does {m} have?",
        ),
    ),
    Scene(
        "a:n b:n", "a+b a+r",
        (
            "{n} has {a} {i}. {m} has {b} more than {n}.", "{m} has {b} more {i} than {n}. {n} has {a} {i}.", "{n} found {a} {i}, and {m} found {b} more than {n}.", "{n} sold {a} {i}. {m} sold {b} more than {n}.",
            "A {box} holds {a} {i}. Another {box} holds {b} more than that.", "{n} scored {a} points and {m} scored {b} points more.", "On {day} {n} reads {a} pages, on {day2} {b} pages more.",
            "There are {a} {col} {i}, and {b} more {col2} {i} than {col} ones.", "{n} picks {a} {i}. {m} picks {b} more than {n}.", "I have {a} {i}, and {m} has {b} more than I.",
        ),
        (
            "How many is that together?", "How many in all?", "How many in total?", "How many do both have together?", "How many altogether?", "What is the total of both?", "Find the total of both.",
            "How many do they have together?", "What do both make together?", "Give the total of both.",
        ),
    ),
    Scene(
        "a:n b:n", "a-b a+r",
        (
            "{n} has {a} {i}. {m} has {b} fewer than {n}.", "{m} has {b} fewer {i} than {n}. {n} has {a} {i}.", "{n} found {a} {i}, and {m} found {b} fewer than {n}.", "{n} sold {a} {i}. {m} sold {b} less than {n}.",
            "A {box} holds {a} {i}. Another {box} holds {b} fewer than that.", "{n} scored {a} points and {m} scored {b} points less.", "On {day} {n} reads {a} pages, on {day2} {b} pages less.",
            "There are {a} {col} {i}, and {b} fewer {col2} {i} than {col} ones.", "{n} picks {a} {i}. {m} picks {b} fewer than {n}.", "I have {a} {i}, and {m} has {b} fewer than I.",
        ),
        (
            "How many is that together?", "How many in all?", "How many in total?", "How many do both have together?", "How many altogether?", "What is the total of both?", "Find the total of both.",
            "How many do they have together?", "What do both make together?", "Give the total of both.",
        ),
    ),
    Scene(
        "a:n b:n", "a+b",
        (
            "{n} has {a} {i}. {m} has {b} more than {n}.", "{m} has {b} more {i} than {n}. {n} has {a} {i}.", "{n} sold {a} {i}. {m} sold {b} more than {n}.", "{n} scored {a} points and {m} scored {b} points more.",
            "{n} found {a} {i}, and {m} found {b} more than {n}.", "{n} picks {a} {i}. {m} picks {b} more than {n}.", "{n} ran {a} km. {m} ran {b} km more than {n}.", "{n} is {a} years old. {m} is {b} years older.",
        ),
        (
            "How many is that for {m}?", "What is the number for {m}?", "How many for {m}?", "Find the number for {m}.", "How much is it for {m}?", "And {m}?", "So what about {m}?", "Tell me the number for {m}.",
        ),
        0.6,
    ),
    Scene(
        "a:n b:n", "a-b",
        (
            "{n} has {a} {i}. {m} has {b} fewer than {n}.", "{m} has {b} fewer {i} than {n}. {n} has {a} {i}.", "{n} sold {a} {i}. {m} sold {b} less than {n}.", "{n} scored {a} points and {m} scored {b} points less.",
            "{n} found {a} {i}, and {m} found {b} fewer than {n}.", "{n} picks {a} {i}. {m} picks {b} fewer than {n}.", "{n} ran {a} km. {m} ran {b} km less than {n}.", "{n} is {a} years old. {m} is {b} years younger.",
        ),
        (
            "How many is that for {m}?", "What is the number for {m}?", "How many for {m}?", "Find the number for {m}.", "How much is it for {m}?", "And {m}?", "So what about {m}?", "Tell me the number for {m}.",
        ),
        0.6,
    ),
    Scene(
        "a:n b:n c:n", "a+b a+r r-c",
        (
            "{n} has {a} {i}. {m} has {b} more than {n}. Together they sell {c}.", "{n} found {a} {i}, and {m} found {b} more than {n}. They give away {c} of them all.",
            "{m} has {b} more {i} than {n}. {n} has {a} {i}. Of all these they use {c}.", "{n} picks {a} {i}. {m} picks {b} more than {n}. They lose {c} of them.",
            "One {box} holds {a} {i}. Another {box} holds {b} more than that. {c} of all the {i} are broken.", "On {day} {n} makes {a} {i}, on {day2} {b} more than on {day}. Then {s} sells {c} of them all.",
        ),
        (
            "How many are left in all?", "How many {i} are left together?", "How many {i} remain in all?", "What is left of all the {i}?", "How many {i} are left over in total?", "Find how many are left in all.",
        ),
        0.5,
    ),
    Scene(
        "a:n b:s", "a*b",
        (
            "{n} has {a} {i}. {m} has {b} times as many.", "{n} has {a} {i}, and {m} has {b} times as many as {n}.", "{n} found {a} {i}. {m} found {b} times as many.", "{n} is {a} years old. {m} is {b} times as old.",
            "{n} ran {a} km. {m} ran {b} times as far.", "{n} scored {a} points. {m} scored {b} times as many.", "{m} has {b} times as many {i} as {n}. {n} has {a}.", "{n} paid {a} dollars and {m} paid {b} times as much.",
        ),
        (
            "How many is that for {m}?", "What is the number for {m}?", "How many for {m}?", "Find the number for {m}.", "How much is it for {m}?", "And {m}?", "So what about {m}?", "Tell me the number for {m}.",
        ),
        0.6,
    ),
    Scene(
        "a:n", "a*2 a+r",
        (
            "{n} has {a} {i}. {m} has twice as many.", "{n} has {a} {i}, and {m} has twice as many as {n}.", "{n} found {a} {i}. {m} found double that.", "{m} has twice as many {i} as {n}. {n} has {a}.",
            "{n} ran {a} km on {day} and twice as far on {day2}.", "{n} scored {a} points. {m} scored twice as many.", "{n} sold {a} {i} on {day} and double that on {day2}.", "One {box} has {a} {i}. The other has twice as many.",
            "{n} reads {a} pages on {day} and twice as many on {day2}.", "I have {a} {i}, my friend has double that.",
        ),
        (
            "How many is that together?", "How many in all?", "How many in total?", "How many in both together?", "How many altogether?", "What is the total of both?", "Find the total of both.", "Give the total of both.",
            "What do both make together?", "How much is it in total?",
        ),
    ),
    Scene(
        "a:n b:s", "a*b a+r",
        (
            "{n} has {a} {i}. {m} has {b} times as many.", "{n} has {a} {i}, and {m} has {b} times as many as {n}.", "{n} found {a} {i}. {m} found {b} times that.", "{m} has {b} times as many {i} as {n}. {n} has {a}.",
            "{n} ran {a} km on {day} and {b} times as far on {day2}.", "{n} scored {a} points. {m} scored {b} times as many.", "One {box} has {a} {i}. The other has {b} times as many.", "{n} sold {a} {i} on {day} and {b} times as many on {day2}.",
        ),
        (
            "How many is that together?", "How many in all?", "How many in total?", "How many in both together?", "How many altogether?", "What is the total of both?", "Find the total of both.", "Give the total of both.",
            "What do both make together?", "How much is it in total?",
        ),
        0.7,
    ),
    Scene(
        "a:m b:t c:s", "a+b r*c",
        (
            "{n} is {a} years old. {m} is {b} years older than {n}. {o} is {c} times as old as {m}.", "{n} is {a}. {m} is {b} years older. {o} is {c} times as old as {m}.", "{m} is {b} years older than {n}, who is {a}. {o} is {c} times as old as {m}.",
            "{n} has {a} {i}. {m} has {b} more than {n}. {o} has {c} times as many as {m}.", "{n} found {a} {i}, {m} found {b} more than {n}, and {o} found {c} times as many as {m}.",
            "{n} ran {a} km, {m} ran {b} km more, and {o} ran {c} times as far as {m}.", "{n} scored {a} points. {m} scored {b} more. {o} scored {c} times as many as {m}.",
        ),
        (
            "How many is that for {o}?", "What is the number for {o}?", "How many for {o}?", "Find the number for {o}.", "And {o}?", "What about {o}?", "So what is it for {o}?", "Tell me the number for {o}.", "Which number is right for {o}?",
        ),
        0.8,
    ),
    Scene(
        "a:m b:m c:t", "a+b r-c",
        (
            "{n} is {a} years old. {m} is {b} years older than {n}. {o} is {c} years younger than {m}.", "{n} is {a}. {m} is {b} years older. {o} is {c} years younger than {m}.", "{m} is {b} years older than {n}, who is {a}. {o} is {c} years younger than {m}.",
            "{n} has {a} {i}. {m} has {b} more than {n}. {o} has {c} fewer than {m}.", "{n} found {a} {i}, {m} found {b} more than {n}, and {o} found {c} fewer than {m}.", "{n} ran {a} km, {m} ran {b} km more, and {o} ran {c} km less than {m}.",
            "{n} scored {a} points. {m} scored {b} more. {o} scored {c} fewer than {m}.",
        ),
        (
            "How many is that for {o}?", "What is the number for {o}?", "How many for {o}?", "Find the number for {o}.", "And {o}?", "What about {o}?", "So what is it for {o}?", "Tell me the number for {o}.", "Which number is right for {o}?",
        ),
        0.8,
    ),
    Scene(
        "a:n b:s", "a+b",
        ("{n} is {a} years old.", "{n} is {a}.", "My friend {n} is {a} years old.", "{n} turned {a} today.", "Today {n} is {a} years old.", "My teacher is {a}.", "I am {a} years old.", "The dog is {a} years old.", "{m} is {a} years old now."),
        (
            "What will the age be in {b} years?", "What age is that in {b} years?", "How old is that in {b} years?", "What is the age {b} years from now?", "What age comes {b} years later?", "{b} years later, what is the age?", "How old {b} years from now?",
        ),
        0.5,
    ),
    Scene(
        "a:s b:n", "b*a",
        (
            "A {g} costs {b} dollars. {n} buys {a} of them.", "{n} buys {a} {i} at {b} dollars each.", "One {g} costs {b} dollars. {n} takes {a}.", "{n} needs {a} {i}. Each costs {b} dollars.", "The price of a {g} is {b} dollars. {n} wants {a}.",
            "{a} tickets at {b} dollars each are sold to {n}.", "{n} works {a} hours and earns {b} dollars an hour.", "{n} saves {b} dollars a week for {a} weeks.", "A room costs {b} euros a night. {n} stays {a} nights.",
            "I buy {a} {i} for {b} dollars each.", "Each {i1} costs {b} cents. {n} buys {a} {i}.",
        ),
        (
            "How much is that?", "How much is it in total?", "What is the total?", "How much money is that?", "How much is that in all?", "Find the total amount.", "What does that come to?", "Give the total amount.", "How much altogether?",
        ),
    ),
    Scene(
        "a:s b:n c:n", "b*a r+c",
        (
            "A {g} costs {b} dollars and a {k} costs {c} dollars. {n} buys {a} of the first and one {k}.", "{n} buys {a} {i} at {b} dollars each and a {k} for {c} dollars.", "{n} buys {a} {i} for {b} dollars each. {S} also pays {c} dollars for a {k}.",
            "Tickets cost {b} dollars each. {n} buys {a} and pays {c} dollars for food.", "{n} works {a} hours for {b} dollars an hour and gets {c} dollars extra.", "{n} saves {b} dollars a week for {a} weeks. {m} gives {o2} {c} dollars more.",
            "A room costs {b} euros a night. {n} stays {a} nights and pays {c} euros for food.", "I buy {a} {i} at {b} dollars each and one {g} at {c} dollars.", "{n} pays {b} dollars for each of {a} {i} and {c} dollars for the {box}.",
        ),
        (
            "How much is that?", "How much is it in total?", "What is the total?", "How much money is that?", "How much is that in all?", "Find the total amount.", "What does that come to?", "Give the total amount.", "How much altogether?",
        ),
    ),
    Scene(
        "a:s b:s c:n d:n", "c*a d*b p+r",
        (
            "A {g} costs {c} dollars and a {k} costs {d} dollars. {n} buys {a} of the first and {b} of the second.", "{n} buys {a} {i} at {c} dollars each and {b} {j} at {d} dollars each.", "{n} has {a} {boxes} of {c} {i} and {b} {boxes} of {d} {i}.",
            "A {shop} sells {a} {i} for {c} dollars each and {b} {j} for {d} dollars each.", "There are {a} rows of {c} seats and {b} rows of {d} seats.", "{n} packs {a} {boxes} with {c} {i} each and {b} {boxes} with {d} {i} each.",
            "I buy {a} {i} for {c} dollars each and {b} {j} for {d} dollars each.", "{n} runs {c} km on {a} days and {d} km on {b} days.",
        ),
        (
            "How much is that in total?", "What is the total?", "How much is that in all?", "Find the total.", "What does that come to?", "Give the total.", "How much altogether?", "What is it all together?",
        ),
        0.8,
    ),
    Scene(
        "a:s b:m c:n", "b*a c-r",
        (
            "{n} has {c} dollars. {S} buys {a} {i} at {b} dollars each.", "{n} has {c} dollars and buys {a} {i} for {b} dollars each.", "A {g} costs {b} dollars. {n} has {c} dollars and buys {a} of them.", "{n} pays with {c} dollars for {a} {i} at {b} dollars each.",
            "With {c} dollars, {n} buys {a} {i} that cost {b} dollars each.", "{n} has {c} {i} and fills {a} {boxes} with {b} {i} each.", "A {shop} has {c} {i} and sells {a} {boxes} of {b} {i}.", "I have {c} dollars and pay {b} dollars for each of {a} {i}.",
            "{n} had {c} dollars. {S} spent {b} dollars a day for {a} days.", "A book has {c} pages. {n} reads {b} pages a day for {a} days.", "A {box} has {c} {i}. {a} children take {b} each.", "{n} bakes {c} {i}. {a} friends get {b} each.",
        ),
        (
            "How much is left?", "How many are left?", "What is left?", "What remains?", "How much remains?", "Find what is left.", "What is the rest?", "How much is left over?", "How big is the rest?", "Tell me what is left.",
        ),
        1.3,
    ),
    Scene(
        "a:s b:n c:n", "b*a r-c",
        (
            "{n} earns {b} dollars an hour and works {a} hours. {S} spends {c} dollars.", "{n} saves {b} dollars a week for {a} weeks, then pays {c} dollars for a {g}.", "{n} sells {a} {i} at {b} dollars each and spends {c} dollars.",
            "A hall has {a} rows of {b} seats. {c} seats are taken.", "There are {a} rows with {b} chairs each. {c} chairs are used.", "{n} works {a} hours for {b} dollars an hour and pays {c} dollars for food.", "A garden has {a} rows of {b} plants. {c} plants die.",
            "{a} buses carry {b} people each. {c} people get off.", "{n} reads {b} pages a day for {a} days, but {c} pages were pictures.",
        ),
        ("How much is left?", "How many are left?", "What is left?", "What remains?", "How much remains?", "Find what is left.", "What is the rest?", "How much is left over?", "How big is the rest?", "Tell me what is left."),
        0.8,
    ),
    Scene(
        "a:s b:n", "b*a",
        (
            "A train goes {b} km in an hour. It goes for {a} hours.", "{n} drives {b} km an hour for {a} hours.", "A car travels at {b} km per hour for {a} hours.", "{n} walks {b} m a minute for {a} minutes.", "{n} runs {b} km every day for {a} days.",
            "A bus drives {b} km each day. It drives {a} days.", "A ship sails {b} km per day for {a} days.", "{n} cycles {b} km a day. {S} does it for {a} days.", "A plane flies {b} km per hour. It flies {a} hours.",
        ),
        ("How far is that?", "How far is it in total?", "What distance is that?", "What is the distance?", "Find the distance.", "How long is the way?", "How many is that in all?", "How far altogether?", "What is the whole distance?"),
        0.8,
    ),
    Scene(
        "a:s b:n c:n", "b*a r+c",
        (
            "A train goes {b} km in an hour. It goes for {a} hours, then {c} km more.", "{n} drives {b} km an hour for {a} hours and then {c} km more.", "A car travels at {b} km per hour for {a} hours. Then it goes another {c} km.",
            "{n} walks {c} m to the {shop}, then {b} m a minute for {a} minutes.", "{n} runs {b} km every day for {a} days and {c} km on {day}.", "A bus drives {b} km each day for {a} days, then {c} km more.",
            "A ship sails {b} km per day for {a} days. It has {c} km more to go.", "{n} cycles {b} km a day for {a} days and then {c} km extra.",
        ),
        ("How far is that?", "How far is it in total?", "What distance is that?", "What is the distance?", "Find the distance.", "How long is the way?", "How far altogether?", "What is the whole distance?"),
        0.8,
    ),
    Scene(
        "a:n b:n c:n", "a-b r+c",
        (
            "There are {a} people on a bus. {b} get off and {c} get on.", "A train has {a} people. At the next stop {b} people leave and {c} people come in.", "{a} birds sit in a tree. {b} fly away and {c} come.",
            "A {shop} has {a} {i}. It sells {b} and gets {c} new ones.", "There are {a} cars in a lot. {b} drive away and {c} arrive.", "A farm has {a} {x}. It sells {b} and buys {c}.", "{n} has {a} dollars, spends {b} and then earns {c}.",
            "A library has {a} books. {b} books go out and {c} come back.", "{a} children play in the park. {b} go home and {c} join.", "A tank holds {a} liters. {b} liters are used and {c} are filled in.", "There are {a} {x} in a field. {b} leave. Then {c} come.",
        ),
        ("How many are there now?", "How many is that now?", "What is the number now?", "How many then?", "How many are there in the end?", "What is it now?", "Find the number now.", "Now how many?", "Give the new number.", "How many in the end?"),
    ),
    Scene(
        "a:n b:n c:n", "a-b r-c",
        (
            "A book has {a} pages. {n} reads {b} on {day} and {c} on {day2}.", "{n} has {a} dollars. {S} pays {b} for a {g} and {c} for a {k}.", "The way is {a} km. {n} goes {b} km on {day} and {c} km on {day2}.", "A {shop} has {a} {i}. {b} are sold on {day} and {c} on {day2}.",
            "There are {a} seats. {b} are taken by men and {c} by women.", "{n} has {a} {i}. {b} are {col}, {c} are {col2} and the others are not.", "A rope is {a} m long. {n} cuts off {b} m and then {c} m.", "{n} must write {a} letters. {S} writes {b} on {day} and {c} on {day2}.",
            "A farm has {a} {x}. {b} run away and {c} are sold.", "{n} had {a} {i} and gave {b} to {m} and {c} to {o}.", "I have {a} dollars. I spend {b} on food and {c} on a {g}.",
        ),
        ("How many are left?", "How much is left?", "What is left?", "How many remain?", "What remains?", "Find what is left.", "What is the rest?", "How big is the rest?", "Tell me the rest.", "How much is left over?", "Give the number that is left."),
        1.2,
    ),
    Scene(
        "a:m b:s", "a/b",
        (
            "{n} has {a} {i}. {b} {i} fit in one {box}.", "{b} {i} go into each {box}. {n} has {a} {i}.", "{n} reads {b} pages a day. The book has {a} pages.", "{n} saves {b} dollars a day. {S} needs {a} dollars.", "A {g} costs {b} dollars. {n} has {a} dollars.",
            "{a} children stand in rows of {b}.", "{n} cuts a rope of {a} m into parts of {b} m.", "{n} puts {a} {i} in groups of {b}.",
        ),
        ("How many are needed?", "How many times does it go?", "How many does that make?", "How many is that?", "Find how many.", "What number does that give?", "How many can there be?", "So how many?"),
        0.6,
    ),
)  # fmt: skip
"""Every scene but the chains of gains and losses, which are put together from the parts above."""
