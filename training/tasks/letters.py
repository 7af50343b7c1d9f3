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
    "I have to find out how many {cs} are in {w}.", "Please check how many {cs} the word {w} has.",
    "Can you figure out how often {c} appears in {w}?", "Find out how many times {c} is in {w}.",
    "Just say how many {cs} there are in the word {w}.", "Can you say how many {cs} the word {w} has?",
    "Can you check how often {c} appears in {w} for me?", "My friend asks how many times {c} is in {w}.",
    "I am not sure how many {cs} there are in the word {w}. Can you help?", "Figure out how many {cs} are in {w}.",
    "Work out how many {cs} the word {w} has.", "Would you mind telling me how often {c} appears in {w}?",
    "I'd like to know how many times {c} is in {w}.", "I wonder how many {cs} there are in the word {w}.",
    "Now tell me how many {cs} are in {w}.", "Let me know how many {cs} the word {w} has.",
    "Any idea how often {c} appears in {w}?", "Someone asked me how many times {c} is in {w}.",
    "I forgot how many {cs} there are in the word {w}. Please tell me.", "Help me find out how many {cs} are in {w}.",
    "Please tell me how many {cs} the word {w} has.", "I need to know how often {c} appears in {w}.",
    "Do you know how many times {c} is in {w}?", "Show me how many {cs} there are in the word {w}.",
    "I have to find out how often {c} appears in {w}.", "Please check how many times {c} is in {w}.",
    "Can you figure out how many {cs} there are in the word {w}?", "Find out how many {cs} are in {w}.",
    "Just say how many {cs} the word {w} has.", "I want to know how often {c} appears in {w}.",
    "Can you say how many times {c} is in {w}?", "Can you check how many {cs} there are in the word {w} for me?",
    "My friend asks how many {cs} are in {w}.", "I am not sure how many {cs} the word {w} has. Can you help?",
    "Figure out how often {c} appears in {w}.", "Work out how many times {c} is in {w}.",
    "Would you mind telling me how many {cs} there are in the word {w}?", "I'd like to know how many {cs} are in {w}.",
    "I wonder how many {cs} the word {w} has.", "Now tell me how often {c} appears in {w}.",
    "Let me know how many times {c} is in {w}.", "Any idea how many {cs} there are in the word {w}?",
    "Hey, what's the number of {cs} in {w}?", "I can't remember the count of {c} in {w}. What is it?",
    "My son wants to know the number of times {c} appears in the word {w}.",
    "I am trying to find the number of {cs} in {w}.", "What would the count of {c} in {w} be?",
    "Let me know the number of times {c} appears in the word {w}.", "Please tell me the number of {cs} in {w}.",
    "Would you mind telling me the count of {c} in {w}?",
    "Can you get the number of times {c} appears in the word {w} for me?",
    "My homework asks for the number of {cs} in {w}.", "Do me a favor and find the count of {c} in {w}.",
    "Write down the number of times {c} appears in the word {w}.", "Help me find the number of {cs} in {w}.",
    "Somebody asked me what the count of {c} in {w} is.",
    "Now tell me the number of times {c} appears in the word {w}.", "Show me the number of {cs} in {w}.",
    "Could you find the count of {c} in {w} for me?", "Quick, what is the number of times {c} appears in the word {w}",
    "I am looking for the number of {cs} in {w}.", "I have to find the count of {c} in {w}.",
    "Name the number of times {c} appears in the word {w}.", "Can somebody tell me the number of {cs} in {w}?",
    "The count of {c} in {w}?", "We need the number of times {c} appears in the word {w}.",
    "Can you figure out the number of {cs} in {w}?", "The count of {c} in {w} is what?",
    "I'd like to know the number of times {c} appears in the word {w}.",
    "I would like to know the number of {cs} in {w}.", "What's the count of {c} in {w}?",
    "Can you give me the number of times {c} appears in the word {w}?",
    "I am not sure what the number of {cs} in {w} is. Can you help?", "Could I have the count of {c} in {w}?",
    "Can you say what the number of times {c} appears in the word {w} is?",
    "Could you please tell me the number of {cs} in {w}?", "So what is the count of {c} in {w}?",
    "Try to find the number of times {c} appears in the word {w}.", "Get me the number of {cs} in {w}.",
    "I'd like the count of {c} in {w}, please.", "Just give me the number of times {c} appears in the word {w}.",
    "Figure out the number of {cs} in {w}.", "What exactly is the count of {c} in {w}?",
    "I need to find the number of times {c} appears in the word {w}.", "Help me figure out the number of {cs} in {w}.",
    "Would you please give me the count of {c} in {w}?", "Count the {cs} in {w}, please.",
    "Would you mind helping me count how often {c} is in {w}?", "Your job is to count every {c} in the word {w}.",
    "Would you find all {cs} in {w} and count them?", "Try to count the {cs} in {w}.",
    "I want you to count how often {c} is in {w}.", "You should count every {c} in the word {w}.",
    "Go ahead and find all {cs} in {w} and count them.", "I have to count the {cs} in {w}. What is it?",
    "Can you count how often {c} is in {w}?", "I need you to count every {c} in the word {w}.",
    "We have to find all {cs} in {w} and count them. Can you do it?", "Are you able to count the {cs} in {w}?",
    "Count how often {c} is in {w}.", "Help me count every {c} in the word {w}.",
    "Please find all {cs} in {w} and count them.", "Please help me count the {cs} in {w}.",
    "Now count how often {c} is in {w}.", "Could you count every {c} in the word {w} for me?",
    "Your task: find all {cs} in {w} and count them.", "Let's count the {cs} in {w}.",
    "I'd like you to count how often {c} is in {w}.", "Find all {cs} in {w} and count them, please.",
    "Would you mind helping me count the {cs} in {w}?", "Your job is to count how often {c} is in {w}.",
    "Would you count every {c} in the word {w}?", "Try to find all {cs} in {w} and count them.",
    "I want you to count the {cs} in {w}.", "You should count how often {c} is in {w}.",
    "Go ahead and count every {c} in the word {w}.", "I have to find all {cs} in {w} and count them. What is it?",
    "I need you to count how often {c} is in {w}.", "We have to count every {c} in the word {w}. Can you do it?",
    "How many letters {c} are in {w}?", "How many of the letters in {w} are {c}?",
    "The letter {c}: how often is it in {w}?", "Letter {c} in {w}: how many times?", "{c} in {w}: how many?",
    "In {w} there are how many {cs}?", "How frequently does {c} occur in {w}?", "Is {c} in {w}? How many times?",
    "{c} appears how many times in {w}?", "how often {c} in {w}",
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
    "Now tell me how many letters are in {w}.", "Can you figure out how many letters the word {w} has?",
    "Can you check how long {w} is for me?", "Show me how long the word {w} is.",
    "I am not sure how many letters are in {w}. Can you help?", "I want to know how many letters the word {w} has.",
    "Let me know how long {w} is.", "Someone asked me how long the word {w} is.",
    "Can you say how many letters are in {w}?", "Find out how many letters the word {w} has.",
    "I need to know how long {w} is.", "I have to find out how long the word {w} is.",
    "Work out how many letters are in {w}.", "I forgot how many letters the word {w} has. Please tell me.",
    "Would you mind telling me how long {w} is?", "Please check how long the word {w} is.",
    "Just say how many letters are in {w}.", "I'd like to know how many letters the word {w} has.",
    "My friend asks how long {w} is.", "Do you know how long the word {w} is?",
    "Could you tell me how many letters are in {w}?", "Help me find out how many letters the word {w} has.",
    "Any idea how long {w} is?", "Figure out how many letters are in {w}.",
    "I wonder how many letters the word {w} has.", "Now tell me how long the word {w} is.",
    "Can you figure out how many letters are in {w}?", "Can you check how many letters the word {w} has for me?",
    "Show me how long {w} is.", "I am not sure how long the word {w} is. Can you help?",
    "I want to know how many letters are in {w}.", "Let me know how many letters the word {w} has.",
    "Someone asked me how long {w} is.", "Can you say how long the word {w} is?",
    "Find out how many letters are in {w}.", "I need to know how many letters the word {w} has.",
    "I have to find out how long {w} is.", "The length of {w} is what?",
    "I forgot the number of letters in {w}. What is it?", "Can you get the letter count of the word {w} for me?",
    "We need the length of {w}.", "Try to find the number of letters in {w}.",
    "So what is the letter count of the word {w}?", "I am not sure what the length of {w} is. Can you help?",
    "Can you say what the number of letters in {w} is?", "How do I get the letter count of the word {w}? What is it?",
    "Somebody asked me what the length of {w} is.", "Show me the number of letters in {w}.",
    "Get me the letter count of the word {w}.", "My son wants to know the length of {w}.",
    "Name the number of letters in {w}.", "Now tell me the letter count of the word {w}.",
    "Do me a favor and find the length of {w}.", "I am looking for the number of letters in {w}.",
    "Help me figure out the letter count of the word {w}.", "Can you figure out the length of {w}?",
    "Help me find the number of letters in {w}.", "Please tell me the letter count of the word {w}.",
    "I'd like the length of {w}, please.", "Hey, what's the number of letters in {w}?",
    "The letter count of the word {w}?", "Would you please give me the length of {w}?",
    "Any idea what the number of letters in {w} is?", "Can you give me the letter count of the word {w}?",
    "Figure out the length of {w}.", "What's the number of letters in {w}?",
    "I am trying to find the letter count of the word {w}.", "I'd like to know the length of {w}.",
    "I can't remember the number of letters in {w}. What is it?", "What would the letter count of the word {w} be?",
    "I wonder what the length of {w} is.", "Can somebody tell me the number of letters in {w}?",
    "My homework asks for the letter count of the word {w}.", "Would you mind telling me the length of {w}?",
    "Could you find the number of letters in {w} for me?", "The letter count of the word {w}, please.",
    "Do you know the length of {w}?", "We have to count the letters in {w}. Can you do it?",
    "Would you mind helping me count the letters of the word {w}?", "Go ahead and find the length of {w}.",
    "Are you able to count the letters in {w}?", "I want you to count the letters of the word {w}.",
    "Your task: find the length of {w}.", "You should count the letters of the word {w}.",
    "Your job is to find the length of {w}.", "I have to count the letters in {w}. What is it?",
    "Would you count the letters of the word {w}?", "Now find the length of {w}.",
    "I'd like you to count the letters in {w}.", "Help me count the letters of the word {w}.",
    "Try to find the length of {w}.", "Could you count the letters in {w} for me?",
    "Count the letters of the word {w}.", "Find the length of {w}, please.", "I need you to count the letters in {w}.",
    "Please help me count the letters of the word {w}.", "Please find the length of {w}.",
    "Let's count the letters in {w}.", "We have to find the length of {w}. Can you do it?",
    "Would you mind helping me count the letters in {w}?", "Go ahead and count the letters of the word {w}.",
    "Are you able to find the length of {w}?",
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
    "Are you able to spell {w}?", "Would you spell the word {w}?", "Please help me spell out {w}.",
    "First job today: list the letters of {w}.", "I'd like you to spell {w} letter by letter.",
    "My homework says: spell {w}.", "Would you mind helping me list the letters of {w}?",
    "I need you to spell {w} letter by letter.", "My task is to spell {w}. What do I get?",
    "I can't spell the word {w}. Can you?", "Can you quickly spell out {w}?",
    "I have to list the letters of {w}. What is it?", "Just spell {w} letter by letter.",
    "You should spell the word {w}.", "I want you to spell out {w}.", "Your job is to list the letters of {w}.",
    "Could you please spell {w} letter by letter?", "Let's spell {w}.", "Now spell the word {w}.",
    "Your task: list the letters of {w}.", "Please spell {w} letter by letter.", "Spell {w}, please.",
    "We have to spell the word {w}. Can you do it?", "Go ahead and spell out {w}.",
    "Could you list the letters of {w} for me?", "Try to spell {w} letter by letter.",
    "Are you able to spell the word {w}?", "Would you spell out {w}?", "Please help me list the letters of {w}.",
    "First job today: spell {w} letter by letter.", "I'd like you to spell {w}.",
    "My homework says: spell the word {w}.", "Help me spell out {w}.",
    "Would you mind helping me spell {w} letter by letter?", "I need you to spell {w}.",
    "My task is to spell the word {w}. What do I get?", "I can't spell out {w}. Can you?",
    "Can you quickly list the letters of {w}?", "I have to spell {w} letter by letter. What is it?",
    "My friend asks how to spell {w}.", "I forgot how {w} is spelled. Please tell me.",
    "Work out what letters are in {w}.", "Would you mind telling me how the word {w} is spelt?",
    "Figure out how to spell {w}.", "I am not sure how {w} is spelled. Can you help?",
    "Can you say what letters are in {w}?", "Help me find out how the word {w} is spelt.", "Find out how to spell {w}.",
    "I need to know how {w} is spelled.", "Please tell me what letters are in {w}.",
    "Do you know how the word {w} is spelt?", "I want to know how to spell {w}.",
    "I'd like to know how {w} is spelled.", "Show me what letters are in {w}.",
    "Let me know how the word {w} is spelt.", "Could you tell me how to spell {w}?", "Any idea how {w} is spelled?",
    "Can you figure out what letters are in {w}?", "I wonder how the word {w} is spelt.",
    "My friend asks how {w} is spelled.", "I forgot what letters are in {w}. Please tell me.",
    "Work out how the word {w} is spelt.", "Would you mind telling me how to spell {w}?",
    "Figure out how {w} is spelled.", "I am not sure what letters are in {w}. Can you help?",
    "The spelling of {w}, please.", "Please tell me the letters of {w}.",
    "Can you give me the letters in the word {w}?", "Just give me the spelling of {w}.",
    "My son wants to know the letters in the word {w}.", "Could you find the spelling of {w} for me?",
    "Try to find the letters of {w}.", "Would you please give me the letters in the word {w}?",
    "I am looking for the spelling of {w}.", "Would you mind telling me the letters of {w}?",
    "I am trying to find the letters in the word {w}.", "Do you know the spelling of {w}?",
    "Could you please tell me the letters of {w}?", "I have to find the letters in the word {w}.",
    "Let me know the spelling of {w}.", "Name the letters of {w}.", "What would the letters in the word {w} be?",
    "Can you figure out the spelling of {w}?", "I would like to know the letters of {w}.",
    "My homework asks for the letters in the word {w}.", "Get me the spelling of {w}.",
    "Can somebody tell me the letters of {w}?", "I'd like the letters in the word {w}, please.",
    "Write down the spelling of {w}.", "I need to find the letters of {w}.",
)  # fmt: skip
SPELL_DASH_TEMPLATES: tuple[str, ...] = (
    "Spell {w} with dashes.", "Spell {w} with dashes between the letters.",
    "Spell the word {w} with hyphens between the letters.", "Write {w} with a dash between letters.",
    "Separate the letters of {w} with dashes.", "Spell {w}, separated by hyphens.",
    "Put dashes between the letters of {w}.", "Split {w} into letters with dashes.", "Spell the word {w} using dashes.",
    "Join the letters of {w} with hyphens.",
    "I'd like you to spell {w} with dashes.", "Your task: spell the word {w} with hyphens.",
    "I can't write {w} with dashes between the letters. Can you?",
    "Could you separate the letters of {w} with hyphens for me?",
    "We have to put a dash between the letters of {w}. Can you do it?", "Help me spell {w} using hyphens.",
    "My task is to spell {w} with dashes. What do I get?", "Go ahead and spell the word {w} with hyphens.",
    "Please write {w} with dashes between the letters.", "Just separate the letters of {w} with hyphens.",
    "How would you put a dash between the letters of {w}?", "You should spell {w} using hyphens.",
    "Now spell {w} with dashes.", "Can you spell the word {w} with hyphens?",
    "Could you please write {w} with dashes between the letters?", "Try to separate the letters of {w} with hyphens.",
    "Are you able to put a dash between the letters of {w}?", "Your job is to spell {w} using hyphens.",
    "My homework says: spell {w} with dashes.", "Would you spell the word {w} with hyphens?",
    "I need you to write {w} with dashes between the letters.",
    "Can you quickly separate the letters of {w} with hyphens?",
    "I have to put a dash between the letters of {w}. What is it?", "I want you to spell {w} using hyphens.",
    "First job today: spell the word {w} with hyphens.", "Please help me write {w} with dashes between the letters.",
    "Would you mind helping me separate the letters of {w} with hyphens?",
    "Put a dash between the letters of {w}, please.", "Let's spell {w} using hyphens.",
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
    "You should reverse {w}.", "Help me reverse the word {w}.", "Would you mind helping me write {w} backwards?",
    "Go ahead and spell {w} backwards.", "I can't flip the letters of {w}. Can you?", "Now turn {w} around.",
    "My homework says: write the word {w} from back to front.", "I'd like you to reverse {w}.",
    "Are you able to reverse the word {w}?", "Try to spell {w} backwards.", "I need you to flip the letters of {w}.",
    "Turn {w} around, please.", "Please write the word {w} from back to front.", "Could you reverse {w} for me?",
    "Can you quickly reverse the word {w}?", "We have to spell {w} backwards. Can you do it?",
    "Please help me flip the letters of {w}.", "Just turn {w} around.",
    "Would you write the word {w} from back to front?", "I want you to reverse {w}.", "Let's reverse the word {w}.",
    "Your job is to write {w} backwards.", "Could you please spell {w} backwards?",
    "First job today: flip the letters of {w}.", "How would you turn {w} around?",
    "Your task: write the word {w} from back to front.", "My task is to reverse {w}. What do I get?",
    "I have to reverse the word {w}. What is it?", "You should spell {w} backwards.",
    "Help me flip the letters of {w}.", "Would you mind helping me turn {w} around?",
    "Go ahead and write the word {w} from back to front.", "I can't reverse {w}. Can you?", "Now reverse the word {w}.",
    "My homework says: write {w} backwards.", "I'd like you to spell {w} backwards.",
    "Are you able to flip the letters of {w}?", "Try to write the word {w} from back to front.",
    "I need you to reverse {w}.", "Reverse the word {w}, please.", "Please write {w} backwards.",
    "Could you spell {w} backwards for me?", "Can you quickly flip the letters of {w}?", "Can you turn {w} around?",
    "We have to write the word {w} from back to front. Can you do it?", "Please help me reverse {w}.",
    "Just reverse the word {w}.", "Would you write {w} backwards?", "I want you to spell {w} backwards.",
    "Do you know what {w} is backwards?", "Just say how {w} is written backwards.",
    "Let me know what {w} looks like in reverse.", "I am not sure how to write {w} backwards. Can you help?",
    "I want to know what the word {w} becomes when reversed.", "I forgot what {w} is backwards. Please tell me.",
    "Can you say how {w} is written backwards?", "Work out what {w} looks like in reverse.",
    "Please check how to write {w} backwards.", "Please tell me what the word {w} becomes when reversed.",
    "Figure out what {w} is backwards.", "I wonder how {w} is written backwards.",
    "Show me what {w} looks like in reverse.", "Find out how to write {w} backwards.",
    "My friend asks what the word {w} becomes when reversed.", "Can you check what {w} is backwards for me?",
    "Someone asked me how {w} is written backwards.", "I'd like to know what {w} looks like in reverse.",
    "Any idea how to write {w} backwards?", "Could you tell me what the word {w} becomes when reversed?",
    "Can you figure out what {w} is backwards?", "I have to find out how {w} is written backwards.",
    "Would you mind telling me what {w} looks like in reverse?", "Now tell me how to write {w} backwards.",
    "I need to know what the word {w} becomes when reversed.", "Help me find out what {w} is backwards.",
    "Do you know what {w} looks like in reverse?", "Just say how to write {w} backwards.",
    "Let me know what the word {w} becomes when reversed.", "I am not sure what {w} is backwards. Can you help?",
    "I want to know how {w} is written backwards.", "I forgot what {w} looks like in reverse. Please tell me.",
    "Can you say how to write {w} backwards?", "Work out what the word {w} becomes when reversed.",
    "Please check what {w} is backwards.", "Please tell me how {w} is written backwards.", "What's {w} backwards?",
    "I wonder what the reverse of {w} is.", "Quick, what is the word {w} written backwards",
    "I am looking for {w} backwards.", "Do you know the reverse of {w}?", "Try to find {w} in reverse.",
    "Help me figure out the word {w} written backwards.", "I am trying to find {w} backwards.",
    "Could you please tell me the reverse of {w}?", "My son wants to know {w} in reverse.",
    "Write down the word {w} written backwards.", "What would {w} backwards be?",
    "Any idea what the reverse of {w} is?", "{w} in reverse, please.", "Could I have the word {w} written backwards?",
    "Let me know {w} backwards.", "Could you find the reverse of {w} for me?", "What exactly is {w} in reverse?",
    "Would you mind telling me the word {w} written backwards?", "Hey, what's {w} backwards?",
    "Do me a favor and find the reverse of {w}.", "Can somebody tell me {w} in reverse?",
    "My homework asks for the word {w} written backwards.", "I'd like {w} backwards, please.",
    "We need the reverse of {w}.", "Name {w} in reverse.", "I'd like to know the word {w} written backwards.",
    "Help me find {w} backwards.", "Show me the reverse of {w}.", "So what is {w} in reverse?",
    "Somebody asked me what the word {w} written backwards is.", "Now tell me {w} backwards.",
    "I would like to know the reverse of {w}.", "How do I get {w} in reverse? What is it?",
    "Figure out the word {w} written backwards.", "I can't remember {w} backwards. What is it?",
    "Please tell me the reverse of {w}.", "Can you give me {w} in reverse?", "Get me the word {w} written backwards.",
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
    "Now tell me the {n} letter of {w}.", "Figure out the {n} letter in {w}.",
    "Would you mind telling me the {n} letter of the word {w}?", "The {n} character of {w}?",
    "I can't remember the {n} letter of {w}. What is it?", "The {n} letter of the word {w}, please.",
    "Somebody asked me what the {n} character of {w} is.", "My son wants to know the {n} letter of {w}.",
    "I have to find the {n} letter in {w}.", "Write down the {n} letter of the word {w}.",
    "I would like to know the {n} character of {w}.", "I wonder what the {n} letter of {w} is.",
    "Can you say what the {n} letter in {w} is?", "Can you get the {n} letter of the word {w} for me?",
    "Do you know the {n} character of {w}?", "I'd like the {n} letter of {w}, please.",
    "I'd like to know the {n} letter in {w}.", "Show me the {n} letter of the word {w}.",
    "How do I get the {n} character of {w}? What is it?", "Would you please give me the {n} letter of {w}?",
    "Any idea what the {n} letter in {w} is?", "Can somebody tell me the {n} letter of the word {w}?",
    "Get me the {n} character of {w}.", "So what is the {n} letter of {w}?", "Name the {n} letter in {w}.",
    "We need the {n} letter of the word {w}.", "My homework asks for the {n} character of {w}.",
    "Can you give me the {n} letter of {w}?", "Do me a favor and find the {n} letter in {w}.",
    "The {n} letter of the word {w} is what?", "Help me figure out the {n} character of {w}.",
    "Can you figure out the {n} letter of {w}?", "I am not sure what the {n} letter in {w} is. Can you help?",
    "Could you find the {n} letter of the word {w} for me?", "I am trying to find the {n} character of {w}.",
    "Hey, what's the {n} letter of {w}?", "Could I have the {n} letter in {w}?",
    "Help me find the {n} letter of the word {w}.", "Try to find the {n} character of {w}.",
    "I forgot the {n} letter in {w}. What is it?", "I need to find the {n} letter of the word {w}.",
    "I am looking for the {n} character of {w}.", "Let me know the {n} letter of {w}.",
    "Could you please tell me the {n} letter in {w}?", "Just give me the {n} letter of the word {w}.",
    "Quick, what is the {n} character of {w}", "Please tell me which letter is {n} in {w}.",
    "My friend asks which letter comes {n} in {w}.", "Any idea what the {n} letter of {w} is?",
    "I need to know which is the {n} letter in the word {w}.", "Find out which letter is {n} in {w}.",
    "I forgot which letter comes {n} in {w}. Please tell me.", "Do you know what the {n} letter of {w} is?",
    "Figure out which is the {n} letter in the word {w}.", "Can you check which letter is {n} in {w} for me?",
    "Work out which letter comes {n} in {w}.", "I am not sure what the {n} letter of {w} is. Can you help?",
    "I have to find out which is the {n} letter in the word {w}.", "Help me find out which letter is {n} in {w}.",
    "Now tell me which letter comes {n} in {w}.", "Show me what the {n} letter of {w} is.",
    "Someone asked me which is the {n} letter in the word {w}.", "Can you figure out which letter is {n} in {w}?",
    "Could you tell me which letter comes {n} in {w}?", "Just say what the {n} letter of {w} is.",
    "Please check which is the {n} letter in the word {w}.", "I wonder which letter is {n} in {w}.",
    "Can you say which letter comes {n} in {w}?", "I want to know what the {n} letter of {w} is.",
    "Would you mind telling me which is the {n} letter in the word {w}?",
    "I'd like to know which letter is {n} in {w}.", "Let me know which letter comes {n} in {w}.",
    "Please tell me which is the {n} letter in the word {w}.", "My friend asks which letter is {n} in {w}.",
    "Any idea which letter comes {n} in {w}?", "I need to know what the {n} letter of {w} is.",
    "Find out which is the {n} letter in the word {w}.", "I forgot which letter is {n} in {w}. Please tell me.",
    "Do you know which letter comes {n} in {w}?", "Figure out what the {n} letter of {w} is.",
    "Can you check which is the {n} letter in the word {w} for me?", "Work out which letter is {n} in {w}.",
)  # fmt: skip
NUMBER_TEMPLATES: tuple[str, ...] = (
    "What is letter {i} of {w}?", "What is letter number {i} in {w}?", "Which letter is number {i} in {w}?",
    "Give me letter number {i} of {w}.", "Which letter is at position {i} in {w}?",
    "What letter is at position {i} of {w}?", "Tell me letter {i} of the word {w}.",
    "Which letter is in place {i} in {w}?", "What is the letter at position {i} in the word {w}?",
    "Find letter {i} in {w}.", "Find the letter at position {i} of {w}.", "In {w}, which letter is number {i}?",
    "Position {i} in {w}: which letter?",
    "Letter {i} of {w}, please.", "Do you know letter number {i} in {w}?",
    "What exactly is the letter at position {i} in {w}?",
    "My son wants to know the letter in place {i} of the word {w}.", "Now tell me letter {i} of {w}.",
    "Can somebody tell me letter number {i} in {w}?", "I wonder what the letter at position {i} in {w} is.",
    "I'd like the letter in place {i} of the word {w}, please.", "Figure out letter {i} of {w}.",
    "I am looking for letter number {i} in {w}.", "Any idea what the letter at position {i} in {w} is?",
    "Name the letter in place {i} of the word {w}.", "Letter {i} of {w}?", "What would letter number {i} in {w} be?",
    "I have to find the letter at position {i} in {w}.", "The letter in place {i} of the word {w} is what?",
    "I am trying to find letter {i} of {w}.", "Could I have letter number {i} in {w}?",
    "Could you please tell me the letter at position {i} in {w}?",
    "Write down the letter in place {i} of the word {w}.", "Somebody asked me what letter {i} of {w} is.",
    "Just give me letter number {i} in {w}.", "Help me figure out the letter at position {i} in {w}.",
    "I can't remember the letter in place {i} of the word {w}. What is it?",
    "Would you please give me letter {i} of {w}?", "Please tell me letter number {i} in {w}.",
    "We need the letter at position {i} in {w}.", "Can you give me the letter in place {i} of the word {w}?",
    "What's letter {i} of {w}?", "Could you find letter number {i} in {w} for me?",
    "Hey, what's the letter at position {i} in {w}?", "I would like to know the letter in place {i} of the word {w}.",
    "Do me a favor and find letter {i} of {w}.", "Can you get letter number {i} in {w} for me?",
    "Show me the letter at position {i} in {w}.", "Help me find the letter in place {i} of the word {w}.",
    "Can you say what letter {i} of {w} is?", "I am not sure what letter number {i} in {w} is. Can you help?",
    "Quick, what is the letter at position {i} in {w}", "Let me know the letter in place {i} of the word {w}.",
    "I need to find letter {i} of {w}.", "Get me letter number {i} in {w}.",
    "I'd like to know the letter at position {i} in {w}.", "Try to find the letter in place {i} of the word {w}.",
    "My friend asks which letter is number {i} in {w}.", "Do you know which letter is at position {i} of {w}?",
    "Now tell me what letter {i} of {w} is.", "Help me find out which letter is number {i} in {w}.",
    "Can you check which letter is at position {i} of {w} for me?", "Find out what letter {i} of {w} is.",
    "I want to know which letter is number {i} in {w}.", "Any idea which letter is at position {i} of {w}?",
    "Someone asked me what letter {i} of {w} is.", "Show me which letter is number {i} in {w}.",
    "Could you tell me which letter is at position {i} of {w}?", "I forgot what letter {i} of {w} is. Please tell me.",
    "Just say which letter is number {i} in {w}.", "Please check which letter is at position {i} of {w}.",
    "Let me know what letter {i} of {w} is.", "I wonder which letter is number {i} in {w}.",
    "I'd like to know which letter is at position {i} of {w}.", "Please tell me what letter {i} of {w} is.",
    "I need to know which letter is number {i} in {w}.", "Work out which letter is at position {i} of {w}.",
    "I have to find out which letter is number {i} in {w}.",
    "Can you figure out which letter is at position {i} of {w}?", "Figure out what letter {i} of {w} is.",
    "I am not sure which letter is number {i} in {w}. Can you help?",
    "Would you mind telling me which letter is at position {i} of {w}?",
)  # fmt: skip
START_TEMPLATES: tuple[str, ...] = (
    "What letter does {w} start with?", "What letter does the word {w} start with?",
    "Which letter does {w} start with?", "Which letter does {w} begin with?", "What letter does {w} begin with?",
    "With which letter does {w} begin?", "{w} starts with which letter?", "{w} begins with what letter?",
    "With what letter does {w} start?", "Tell me the letter {w} starts with.",
    "I am not sure what letter {w} starts with. Can you help?", "Can you figure out which letter {w} begins with?",
    "I'd like to know which letter the word {w} starts with.", "I have to find out with which letter {w} begins.",
    "I need to know what letter {w} starts with.", "Figure out which letter {w} begins with.",
    "My friend asks which letter the word {w} starts with.", "Do you know with which letter {w} begins?",
    "Would you mind telling me what letter {w} starts with?", "I want to know which letter {w} begins with.",
    "Any idea which letter the word {w} starts with?", "Please check with which letter {w} begins.",
    "Just say what letter {w} starts with.", "Someone asked me which letter {w} begins with.",
    "Could you tell me which letter the word {w} starts with?", "Work out with which letter {w} begins.",
    "Can you check what letter {w} starts with for me?", "Show me which letter {w} begins with.",
    "Help me find out which letter the word {w} starts with.", "Let me know with which letter {w} begins.",
    "I wonder what letter {w} starts with.", "Find out which letter {w} begins with.",
    "I forgot which letter the word {w} starts with. Please tell me.", "Now tell me with which letter {w} begins.",
    "Please tell me what letter {w} starts with.", "Can you say which letter {w} begins with?",
    "What does {w} start with?", "What does the word {w} begin with?", "Which letter starts the word {w}?",
    "Which letter begins {w}?", "The word {w} starts with which letter?", "The word {w} begins with what letter?",
    "At the start of {w}, which letter is it?", "What letter is at the start of {w}?",
    "Which letter is at the beginning of {w}?", "Starting letter of {w}?", "Give me the letter {w} begins with.",
    "Give the letter that {w} starts with.",
)  # fmt: skip
END_TEMPLATES: tuple[str, ...] = (
    "What letter does {w} end with?", "What letter does the word {w} end with?", "Which letter does {w} end with?",
    "Which letter does {w} end in?", "What letter does {w} end in?", "With which letter does {w} end?",
    "{w} ends with which letter?", "{w} ends in what letter?", "With what letter does {w} end?",
    "Tell me the letter {w} ends with.",
    "I wonder what letter {w} ends with.", "Just say which letter {w} ends in.",
    "I need to know which letter the word {w} ends with.", "I'd like to know with which letter {w} ends.",
    "I forgot what letter {w} ends with. Please tell me.", "Do you know which letter {w} ends in?",
    "Find out which letter the word {w} ends with.", "My friend asks with which letter {w} ends.",
    "Show me what letter {w} ends with.", "Can you say which letter {w} ends in?",
    "Someone asked me which letter the word {w} ends with.", "I am not sure with which letter {w} ends. Can you help?",
    "Please check what letter {w} ends with.", "Help me find out which letter {w} ends in.",
    "Work out which letter the word {w} ends with.", "Could you tell me with which letter {w} ends?",
    "Figure out what letter {w} ends with.", "Can you check which letter {w} ends in for me?",
    "Can you figure out which letter the word {w} ends with?", "Any idea with which letter {w} ends?",
    "Let me know what letter {w} ends with.", "I have to find out which letter {w} ends in.",
    "Please tell me which letter the word {w} ends with.", "Would you mind telling me with which letter {w} ends?",
    "I want to know what letter {w} ends with.", "Now tell me which letter {w} ends in.", "What does {w} end with?",
    "What does the word {w} end in?", "Which letter ends the word {w}?", "The word {w} ends with which letter?",
    "The word {w} ends in what letter?", "At the end of {w}, which letter is it?", "What letter is at the end of {w}?",
    "Which letter is at the end of the word {w}?", "Ending letter of {w}?", "Give me the letter {w} ends in.",
    "Give the letter that {w} ends with.",
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
    "Show me how many words are in this sentence: {s}", "Now tell me how many words this sentence has: {s}",
    "Someone asked me how many words this is: {s}", "Please check how many words are in this text: {s}",
    "Can you figure out how many words are in this sentence: {s}", "Just say how many words this sentence has: {s}",
    "Any idea how many words this is: {s}", "Would you mind telling me how many words are in this text: {s}",
    "Figure out how many words are in this sentence: {s}", "I wonder how many words this sentence has: {s}",
    "My friend asks how many words this is: {s}", "Do you know how many words are in this text: {s}",
    "Work out how many words are in this sentence: {s}", "I want to know how many words this sentence has: {s}",
    "Let me know how many words this is: {s}", "Help me find out how many words are in this text: {s}",
    "I'd like to know how many words are in this sentence: {s}", "Can you say how many words this sentence has: {s}",
    "Find out how many words this is: {s}", "Please tell me how many words are in this text: {s}",
    "I need to know how many words are in this sentence: {s}",
    "Could you tell me how many words this sentence has: {s}", "I have to find out how many words this is: {s}",
    "I am looking for the number of words in this sentence: {s}", "Help me find the word count of this text: {s}",
    "Try to find the number of words here: {s}", "Can you give me the number of words in this sentence: {s}",
    "Help me figure out the word count of this text: {s}", "Write down the number of words here: {s}",
    "Let me know the number of words in this sentence: {s}", "Get me the word count of this text: {s}",
    "Would you please give me the number of words here: {s}",
    "Please tell me the number of words in this sentence: {s}", "Do you know the word count of this text: {s}",
    "I would like to know the number of words here: {s}",
    "I am trying to find the number of words in this sentence: {s}",
    "Can somebody tell me the word count of this text: {s}", "Just give me the number of words here: {s}",
    "Could I have the number of words in this sentence: {s}", "I'd like to know the word count of this text: {s}",
    "Can you figure out the number of words here: {s}",
    "My homework asks for the number of words in this sentence: {s}",
    "Could you please tell me the word count of this text: {s}", "My son wants to know the number of words here: {s}",
    "Now tell me the number of words in this sentence: {s}", "We need the word count of this text: {s}",
    "Figure out the number of words here: {s}", "Would you mind telling me the number of words in this sentence: {s}",
    "I need to find the word count of this text: {s}", "Name the number of words here: {s}",
    "I have to find the number of words in this sentence: {s}",
    "Do me a favor and find the word count of this text: {s}", "Show me the number of words here: {s}",
    "The number of words in this sentence: {s}", "I am looking for the number of words here: {s}",
    "Help me find the number of words in this sentence: {s}", "Try to find the word count of this text: {s}",
    "Could you please count the words in this sentence: {s}", "Please count the words here: {s}",
    "Go ahead and count every word of this text: {s}", "My homework says: count all words in this line: {s}",
    "Your job is to count the words in this sentence: {s}", "Please help me count the words here: {s}",
    "You should count every word of this text: {s}", "I need you to count all words in this line: {s}",
    "Try to count the words in this sentence: {s}", "Let's count the words here: {s}",
    "Now count every word of this text: {s}", "Just count all words in this line: {s}",
    "Can you quickly count the words in this sentence: {s}", "First job today: count the words here: {s}",
    "Are you able to count every word of this text: {s}", "Can you count all words in this line: {s}",
    "Would you mind helping me count the words in this sentence: {s}", "Would you count the words here: {s}",
    "I'd like you to count every word of this text: {s}", "Your task: count all words in this line: {s}",
    "How would you count the words in this sentence: {s}", "Help me count every word of this text: {s}",
    "I want you to count all words in this line: {s}", "Could you please count the words here: {s}",
    "Please count every word of this text: {s}", "Go ahead and count all words in this line: {s}",
    "My homework says: count the words in this sentence: {s}", "Your job is to count the words here: {s}",
    "Please help me count every word of this text: {s}",
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


def _example(question: str, word: str, trace: str, answer: str, key: str, brief: str | None = None) -> Example:
    """Letters keep their case in the working, so that a word with capitals must not be lower-cased by wording noise."""
    return Example(user(question), trace, answer, key, fixed_wording=word != word.lower(), brief=brief)


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
        workings.count_letter_briefly(word, letter),
    )


def length_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    return _example(_ask(wording, LENGTH_TEMPLATES, word), word, workings.numbered(word), str(len(word)), lower)


def spell_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    templates, joint = (SPELL_DASH_TEMPLATES, "-") if rng.random() < 0.06 else (SPELL_TEMPLATES, " ")
    return _example(_ask(wording, templates, word), word, workings.numbered(word), joint.join(word), lower, "")


def reverse_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    spelt = workings.numbered(word)
    trace = f"{spelt}\n{workings.numbered_backwards(word)}"
    return _example(_ask(wording, REVERSE_TEMPLATES, word), word, trace, word[::-1], lower, spelt)


def nth_letter_example(rng: random.Random, wording: Wording) -> Example:
    """The place first, so that the spelling knows where to end; for the word's end, all of it."""
    lower = _word(rng)
    word = _cased(rng, lower)
    roll = rng.random()
    if roll < 0.25:
        place, name = len(word), "last"
        goal = "last"
        question = _ask(wording, END_TEMPLATES, word) if roll < 0.06 else _ask(wording, NTH_TEMPLATES, word, n=name)
    elif roll < 0.32:
        place, goal = 1, "1"
        question = _ask(wording, START_TEMPLATES, word)
    else:
        place = rng.randint(1, min(len(word), 10))
        goal = str(place)
        suffix = {1: "st", 2: "nd", 3: "rd"}.get(place, "th")
        if roll < 0.42:
            question = _ask(wording, NUMBER_TEMPLATES, word, i=str(place))
        else:
            question = _ask(wording, NTH_TEMPLATES, word, n=f"{place}{suffix}" if roll < 0.55 else ORDINALS[place - 1])
    trace = f"{goal}: {workings.numbered(word[:place])}"
    return _example(question, word, trace, word[place - 1], f"{lower}|{place}", "")


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
    Task("count_letter", count_letter_example, weight=1.2, off_share=0.45),
    Task("count_length", length_example, off_share=0.35, multi_step=False),
    Task("count_words", count_words_example, off_share=0.5),
    Task("spell", spell_example, weight=0.8, off_share=0.35, multi_step=False),
    Task("reverse", reverse_example, weight=1.2, off_share=0.5),
    Task("nth_letter", nth_letter_example, weight=1.0, off_share=0.4, multi_step=False),
]
