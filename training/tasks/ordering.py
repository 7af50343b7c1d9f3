"""Putting integers in order: comparing two, finding the largest or smallest, sorting a list; knows no other values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.phrasing import dress

Wanted = Literal["max", "min"]

BIGGER = ("bigger", "larger", "greater", "higher", "bigger", "larger")
SMALLER = ("smaller", "lower", "less", "smaller", "smaller")
BIGGEST = ("biggest", "largest", "greatest", "highest", "maximum", "largest")
SMALLEST = ("smallest", "lowest", "least", "minimum", "smallest")

WHICH_TEMPLATES: tuple[str, ...] = (
    "Which is {w}, {a} or {b}?", "Which is {w}: {a} or {b}?", "Which number is {w}, {a} or {b}?",
    "Which number is {w}: {a} or {b}?", "What is {w}, {a} or {b}?", "What's {w}: {a} or {b}?",
    "Which one is {w}, {a} or {b}?", "which is {w} {a} or {b}", "{a} or {b}, which is {w}?",
    "{a} or {b}: which is {w}?", "{a} or {b}? Which is {w}?", "Of {a} and {b}, which is {w}?",
    "Of {a} and {b}, which number is {w}?", "Between {a} and {b}, which is {w}?",
    "Between {a} and {b}, which number is {w}?", "Compare {a} and {b}. Which is {w}?",
    "Compare {a} and {b}: which one is {w}?", "Compare the numbers {a} and {b}. Which is {w}?",
    "Which is the {w} number: {a} or {b}?", "Which is the {w} of {a} and {b}?", "Which is the {w} one, {a} or {b}?",
    "Give the {w} of {a} and {b}.", "Give me the {w} number: {a}, {b}", "Give me the {w} of {a} and {b}.",
    "Find the {w} of {a} and {b}.", "Find the {w} number: {a} or {b}.", "Find the {w} of the two: {a} and {b}.",
    "Tell me which is {w}, {a} or {b}.", "Tell me the {w} of {a} and {b}.", "Tell me which number is {w}: {a} or {b}.",
    "Say which is {w}: {a} or {b}.", "Can you tell me which is {w}, {a} or {b}?",
    "Could you say which is {w}, {a} or {b}?", "Do you know which is {w}, {a} or {b}?",
    "I have {a} and {b}. Which is {w}?", "I have two numbers, {a} and {b}. Which is {w}?",
    "The numbers are {a} and {b}. Which is {w}?", "Here are two numbers: {a} and {b}. Which is {w}?",
    "Look at {a} and {b}. Which one is {w}?", "Given {a} and {b}, which is {w}?",
    "Given {a} and {b}, name the {w} one.", "Choose the {w} number: {a} or {b}.", "Choose the {w} one: {a} or {b}",
    "Pick the {w} of {a} and {b}.", "Pick the {w} number: {a}, {b}.", "Select the {w} number from {a} and {b}.",
    "Return the {w} of {a} and {b}.", "Print the {w} of {a} and {b}.", "Name the {w} number: {a} or {b}?",
    "Which value is {w}, {a} or {b}?", "Which of {a} and {b} is {w}?", "Which of these is {w}: {a}, {b}?",
    "Which of these two numbers is {w}: {a} or {b}?", "Which of the two is {w}, {a} or {b}?",
    "Out of {a} and {b}, which is {w}?", "Two numbers: {a}, {b}. Which one is {w}?",
    "What is the {w} number, {a} or {b}?", "What is the {w} of {a} and {b}?",
    "Write the {w} of the two numbers {a} and {b}.", "Let a = {a} and b = {b}. Which number is {w}?",
    "a is {a} and b is {b}. Which number is {w}?", "If you compare {a} with {b}, which is {w}?",
    "Decide which is {w}: {a} or {b}.", "I can't decide: is {a} or {b} {w}?", "Is {a} or {b} {w}?",
    "Is {a} or {b} the {w} number?", "My friend has {a} points and I have {b}. Which score is {w}?", "{w}: {a} or {b}?",
    "{a} vs {b}: which is {w}?", "{a} versus {b}, which one is {w}?",
    "The red team has {a} points and the blue team {b}. Which number is {w}?",
    "I have to find out which is {w}, {a} or {b}.", "Please check which number is {w}, {a} or {b}.",
    "Can you figure out which of {a} and {b} is {w}?", "Find out which one is {w}: {a} or {b}.",
    "Just say which is {w}, {a} or {b}.", "I want to know which number is {w}, {a} or {b}.",
    "Can you say which of {a} and {b} is {w}?", "Can you check which one is {w}: {a} or {b} for me?",
    "My friend asks which is {w}, {a} or {b}.", "I am not sure which number is {w}, {a} or {b}. Can you help?",
    "Figure out which of {a} and {b} is {w}.", "Work out which one is {w}: {a} or {b}.",
    "Would you mind telling me which is {w}, {a} or {b}?", "I'd like to know which number is {w}, {a} or {b}.",
    "I wonder which of {a} and {b} is {w}.", "Now tell me which one is {w}: {a} or {b}.",
    "Let me know which is {w}, {a} or {b}.", "Any idea which number is {w}, {a} or {b}?",
    "Someone asked me which of {a} and {b} is {w}.", "I forgot which one is {w}: {a} or {b}. Please tell me.",
    "Help me find out which is {w}, {a} or {b}.", "Please tell me which number is {w}, {a} or {b}.",
    "I need to know which of {a} and {b} is {w}.", "Do you know which one is {w}: {a} or {b}?",
    "Show me which is {w}, {a} or {b}.", "Could you tell me which number is {w}, {a} or {b}?",
    "I have to find out which one is {w}: {a} or {b}.", "Please check which is {w}, {a} or {b}.",
    "Can you figure out which number is {w}, {a} or {b}?", "Find out which of {a} and {b} is {w}.",
    "Just say which one is {w}: {a} or {b}.", "I want to know which is {w}, {a} or {b}.",
    "Can you say which number is {w}, {a} or {b}?", "Can you check which of {a} and {b} is {w} for me?",
    "My friend asks which one is {w}: {a} or {b}.", "I am not sure which is {w}, {a} or {b}. Can you help?",
    "Figure out which number is {w}, {a} or {b}.", "Work out which of {a} and {b} is {w}.",
    "Would you mind telling me which one is {w}: {a} or {b}?", "I'd like to know which is {w}, {a} or {b}.",
    "I wonder which number is {w}, {a} or {b}.", "Now tell me which of {a} and {b} is {w}.",
    "Let me know which one is {w}: {a} or {b}.", "Any idea which is {w}, {a} or {b}?",
    "Now tell me the {w} of {a} and {b}.", "I am trying to find the {w} number, {a} or {b}.",
    "My son wants to know the {w} one of {a} and {b}.", "Somebody asked me what the {w} of {a} and {b} is.",
    "What would the {w} number, {a} or {b} be?", "I forgot the {w} one of {a} and {b}. What is it?",
    "Please tell me the {w} of {a} and {b}.", "Hey, what's the {w} number, {a} or {b}?",
    "Can you get the {w} one of {a} and {b} for me?", "What's the {w} of {a} and {b}?",
    "We need the {w} number, {a} or {b}.", "I wonder what the {w} one of {a} and {b} is.",
    "Show me the {w} of {a} and {b}.", "Can somebody tell me the {w} number, {a} or {b}?",
    "Could I have the {w} one of {a} and {b}?", "Would you mind telling me the {w} of {a} and {b}?",
    "Could you find the {w} number, {a} or {b} for me?", "Quick, what is the {w} one of {a} and {b}",
    "Help me figure out the {w} of {a} and {b}.", "I have to find the {w} number, {a} or {b}.",
    "Could you please tell me the {w} one of {a} and {b}?",
    "I am not sure what the {w} of {a} and {b} is. Can you help?", "Let me know the {w} number, {a} or {b}.",
    "What exactly is the {w} one of {a} and {b}?", "I am looking for the {w} of {a} and {b}.",
    "Can you figure out the {w} number, {a} or {b}?", "I'd like to know the {w} one of {a} and {b}.",
    "I would like to know the {w} of {a} and {b}.", "I can't remember the {w} number, {a} or {b}. What is it?",
    "Can you give me the {w} one of {a} and {b}?", "Would you please give me the {w} of {a} and {b}?",
    "Name the {w} number, {a} or {b}.", "Can you say what the {w} one of {a} and {b} is?",
    "Do me a favor and find the {w} of {a} and {b}.", "Try to find the {w} number, {a} or {b}.",
    "My homework asks for the {w} one of {a} and {b}.", "Get me the {w} of {a} and {b}.",
    "I'd like the {w} number, {a} or {b}, please.", "I need to find the {w} one of {a} and {b}.",
    "Just give me the {w} of {a} and {b}.", "Pick the {w} of {a} and {b}, please.",
    "Would you mind helping me choose the {w} number, {a} or {b}?",
    "Your job is to compare {a} and {b} and give the {w} one.", "Would you find the {w} one of {a} and {b}?",
    "Try to pick the {w} of {a} and {b}.", "I want you to choose the {w} number, {a} or {b}.",
    "You should compare {a} and {b} and give the {w} one.", "Go ahead and find the {w} one of {a} and {b}.",
    "I have to pick the {w} of {a} and {b}. What is it?", "Can you choose the {w} number, {a} or {b}?",
    "I need you to compare {a} and {b} and give the {w} one.",
    "We have to find the {w} one of {a} and {b}. Can you do it?", "Are you able to pick the {w} of {a} and {b}?",
    "Choose the {w} number, {a} or {b}.", "Help me compare {a} and {b} and give the {w} one.",
    "Please find the {w} one of {a} and {b}.", "Please help me pick the {w} of {a} and {b}.",
    "Now choose the {w} number, {a} or {b}.", "Could you compare {a} and {b} and give the {w} one for me?",
    "Your task: find the {w} one of {a} and {b}.", "Let's pick the {w} of {a} and {b}.",
    "I'd like you to choose the {w} number, {a} or {b}.", "Find the {w} one of {a} and {b}, please.",
    "Would you mind helping me pick the {w} of {a} and {b}?", "Your job is to choose the {w} number, {a} or {b}.",
    "Would you compare {a} and {b} and give the {w} one?", "Try to find the {w} one of {a} and {b}.",
    "I want you to pick the {w} of {a} and {b}.", "You should choose the {w} number, {a} or {b}.",
    "Go ahead and compare {a} and {b} and give the {w} one.", "I have to find the {w} one of {a} and {b}. What is it?",
    "Can you pick the {w} of {a} and {b}?", "I need you to choose the {w} number, {a} or {b}.",
    "We have to compare {a} and {b} and give the {w} one. Can you do it?",
    "Are you able to find the {w} one of {a} and {b}?", "{a} and {b}: {w} one?", "{a}, {b}: which is {w}?",
    "{a} and {b}, which one is {w}?", "which is {w}: {a} {b}", "{w} number: {a} or {b}",
    "What number is {w}, {a} or {b}?", "If you have {a} and {b}, which is {w}?",
    "There are two numbers, {a} and {b}. Which one is {w}?",
)  # fmt: skip

MORE_STORIES: tuple[str, ...] = (
    "{name} has {a} {items} and {other} has {b}. What is the {w} number?",
    "{name} has {a} {items}, {other} has {b}. Which number is {w}?",
    "One book has {a} pages, the other {b}. Which number is {w}?",
    "A hat costs {a} dollars and a bag {b}. Which price is {w}?",
    "One house has the number {a}, another {b}. Which is {w}?",
    "{name} is {a} years old, {other} is {b}. Which age is {w}?",
    "There are {a} {items} in one box and {b} in another. Which number is {w}?",
    "{name} scored {a} and {other} scored {b}. Which score is {w}?",
    "City one is {a} km away, city two {b} km. Which distance is {w}?", "Bus {a} or bus {b}: which number is {w}?",
    "Yesterday I counted {a} {items}, today {b}. Which count is {w}?",
    "Two rooms hold {a} and {b} people. Which number is {w}?",
    "{name} has {a} dollars and {other} has {b}. Which number is {w}?",
    "{name} has {a} points and {other} {b}. Which score is {w}?",
    "{name} ran {a} km, {other} ran {b} km. Which distance is {w}?",
    "{name} walked {a} steps and {other} walked {b}. Which number is {w}?",
    "{name} paid {a} dollars, {other} paid {b}. Which price is {w}?",
    "{name} read {a} pages and {other} read {b}. What is the {w} number?",
    "{name} counted {a} {items} and {other} counted {b}. Which count is {w}?",
    "{name} sold {a} {items} on Monday and {b} on Tuesday. Which number is {w}?",
    "A book has {a} pages and another has {b}. Which number of pages is {w}?",
    "A shirt costs {a} dollars, a coat {b} dollars. Which price is {w}?",
    "A car costs {a} dollars in one shop and {b} in another. Which price is {w}?",
    "One box holds {a} {items}, the other {b}. Which number is {w}?",
    "One bag has {a} {items} and another has {b}. What is the {w} number?",
    "One trip is {a} km, the other {b} km. Which distance is {w}?",
    "One team has {a} points, the other {b}. Which score is {w}?",
    "One room has {a} seats and another has {b}. Which number is {w}?",
    "Today we had {a} visitors, yesterday {b}. Which number is {w}?",
    "On Monday I counted {a} {items}, on Sunday {b}. Which count is {w}?",
    "My score is {a}, your score is {b}. Which score is {w}?",
    "My house has the number {a}, yours {b}. Which number is {w}?",
    "I have {a} {items} at home and {b} at school. Which number is {w}?",
    "There are {a} boys and {b} girls in a school. Which number is {w}?",
    "Two books have {a} and {b} pages. Which number is {w}?", "Two bags cost {a} and {b} dollars. Which price is {w}?",
    "Room {a} or room {b}: which number is {w}?", "Train {a} or train {b}: which number is {w}?",
)  # fmt: skip

YES_NO_TEMPLATES: tuple[str, ...] = (
    "Is {a} {w} than {b}?", "is {a} {w} than {b}", "Is the number {a} {w} than {b}?", "Is {a} {w} than {b}? Yes or no?",
    "Is {a} {w} than {b}? Answer yes or no.", "Is it true that {a} is {w} than {b}?",
    "Is it right that {a} is {w} than {b}?", "True or not: {a} is {w} than {b}. Answer yes or no.",
    "Yes or no: is {a} {w} than {b}?", "Yes or no: {a} is {w} than {b}.", "{a} is {w} than {b}. Is that right?",
    "{a} is {w} than {b}. Is that true?", "{a} is {w} than {b}, yes or no?", "{a} is {w} than {b}, right?",
    "Would you say that {a} is {w} than {b}?", "Can you tell me if {a} is {w} than {b}?",
    "Tell me if {a} is {w} than {b}.", "Check if {a} is {w} than {b}.", "Check whether {a} is {w} than {b}.",
    "Do you think {a} is {w} than {b}?", "I say {a} is {w} than {b}. Am I right?",
    "Does it hold that {a} is {w} than {b}?", "Please tell me whether {a} is {w} than {b}.",
    "Could {a} be {w} than {b}?", "Is {a} {s} {b}?", "Is {a}{s}{b}?", "{a} {s} {b}?", "{a} {s} {b}: yes or no?",
    "Is it true that {a} {s} {b}?", "Yes or no: {a} {s} {b}", "Does {a} {s} {b} hold?", "Check: {a} {s} {b}?",
    "Is {a} {s} {b}? Yes or no.", "Tell me if {a} {s} {b}.", "Is {a} {s} {b} true?", "Is {a} {s} {b} correct?",
    "Compare {a} and {b}. Is {a} {w}?", "Compare {a} with {b}: is the first one {w}?",
    "Of {a} and {b}, is the first {w}?", "Take {a} and {b}. Is {a} the {w} one?",
    "I have {a} {items} and you have {b}. Is my number {w}?",
    "{name} has {a} points, {other} has {b}. Is {a} {w} than {b}?", "My number is {a}, yours is {b}. Is mine {w}?",
    "Let a = {a} and b = {b}. Is a {w} than b?", "a is {a} and b is {b}. Is a {w} than b?",
    "If a = {a} and b = {b}, is a {s} b?", "Decide: is {a} {w} than {b}?", "Would {a} come out {w} than {b}?",
    "Question: is {a} {w} than {b}, yes or no?", "Say yes or no: {a} is {w} than {b}.",
    "Can you check if {a} is {w} than {b} for me?", "Please check whether {a} is {w} than {b}.",
    "Can you figure out if the number {a} is {w} than {b}?",
    "I forgot whether it is true that {a} is {w} than {b}. Please tell me.", "Find out if {a} {s} {b}.",
    "I want to know if {a} is {w} than {b}.", "Someone asked me whether {a} is {w} than {b}.",
    "Can you say if the number {a} is {w} than {b}?", "Now tell me whether it is true that {a} is {w} than {b}.",
    "I have to find out if {a} {s} {b}.", "Help me find out if {a} is {w} than {b}.",
    "My friend asks whether {a} is {w} than {b}.", "I need to know if the number {a} is {w} than {b}.",
    "Let me know whether it is true that {a} is {w} than {b}.", "I'd like to know if {a} {s} {b}.",
    "Show me if {a} is {w} than {b}.", "Do you know whether {a} is {w} than {b}?",
    "Could you tell me if the number {a} is {w} than {b}?",
    "Would you mind telling me whether it is true that {a} is {w} than {b}?",
    "I am not sure if {a} {s} {b}. Can you help?", "Please tell me if {a} is {w} than {b}.",
    "Figure out whether {a} is {w} than {b}.", "I wonder if the number {a} is {w} than {b}.",
    "Can you check if {a} {s} {b} for me?", "Please check if {a} is {w} than {b}.",
    "Can you figure out whether {a} is {w} than {b}?", "I forgot if the number {a} is {w} than {b}. Please tell me.",
    "Find out whether it is true that {a} is {w} than {b}.", "I want to know if {a} {s} {b}.",
    "Someone asked me if {a} is {w} than {b}.", "Can you say whether {a} is {w} than {b}?",
    "Now tell me if the number {a} is {w} than {b}.", "I have to find out whether it is true that {a} is {w} than {b}.",
    "Help me find out if {a} {s} {b}.", "My friend asks if {a} is {w} than {b}.",
    "I need to know whether {a} is {w} than {b}.", "Let me know if the number {a} is {w} than {b}.",
    "I'd like to know whether it is true that {a} is {w} than {b}.", "Show me if {a} {s} {b}.",
    "Do you know if {a} is {w} than {b}?", "Could you tell me whether {a} is {w} than {b}?",
    "Would you mind telling me if the number {a} is {w} than {b}?",
    "I am not sure whether it is true that {a} is {w} than {b}. Can you help?", "Please tell me if {a} {s} {b}.",
    "Figure out if {a} is {w} than {b}.", "I wonder whether {a} is {w} than {b}.",
    "Can you check whether it is true that {a} is {w} than {b} for me?", "Please check if {a} {s} {b}.",
    "Am I right that {a} is {w} than {b}?", "Am I right? {a} is {w} than {b}.",
    "Is it correct that {a} is {w} than {b}?", "Is it so that {a} is {w} than {b}?", "Is {a} a {w} number than {b}?",
    "Is {a} the {w} number, compared with {b}?", "Is {a} really {w} than {b}?", "Is {a} {w} than {b} or not?",
    "{a} is {w} than {b}. Yes or no?", "{a} is {w} than {b}. Is that correct?", "{a} is {w} than {b}. Am I right?",
    "{a} is {w} than {b}: yes or no?", "{a} {w} than {b}?", "{a} {w} than {b}: yes or no?", "{a} {s} {b}, right?",
    "{a} {s} {b}, yes or no?", "{a} {s} {b}. Is that right?", "{a} {s} {b}. Is that true?", "{a} {s} {b}. Am I right?",
    "I think {a} is {w} than {b}. Is that right?", "I think {a} {s} {b}. Am I right?",
    "My friend says {a} is {w} than {b}. Is that true?", "My friend says that {a} is {w} than {b}. Yes or no?",
    "Someone says {a} {s} {b}. Is that correct?", "Answer yes or no: is {a} {w} than {b}?",
    "Answer yes or no: {a} {s} {b}", "Say yes or no: {a} {s} {b}", "Yes or no, is {a} {w} than {b}?",
    "Yes or no, {a} {s} {b}?", "Right or wrong: {a} is {w} than {b}. Answer yes or no.",
    "Can you say if {a} is {w} than {b}?", "Can you check whether {a} {s} {b}?", "Would {a} be {w} than {b}?",
    "Does {a} come out {w} than {b}?", "Of the two numbers {a} and {b}, is the first one {w}?",
    "The numbers are {a} and {b}. Is the first {w}?", "The first number is {a}, the second {b}. Is the first {w}?",
    "Take the numbers {a} and {b}. Is the first one {w} than the second?", "x is {a} and y is {b}. Is x {w} than y?",
    "Let x = {a} and y = {b}. Is x {s} y?",
)  # fmt: skip

EQUAL_TEMPLATES: tuple[str, ...] = (
    "Is {a} equal to {b}?", "Are {a} and {b} equal?", "Are {a} and {b} the same?", "Is {a} the same as {b}?",
    "Is {a} the same number as {b}?", "Are {a} and {b} the same number?", "Is {a} = {b}?", "{a} = {b}? Yes or no?",
    "Yes or no: are {a} and {b} equal?", "Does {a} equal {b}?", "Tell me if {a} and {b} are equal.",
    "Check if {a} equals {b}.", "Is it true that {a} = {b}?", "Do {a} and {b} have the same value?",
    "Please check if {a} and {b} are equal.", "I forgot if {a} equals {b}. Please tell me.",
    "Figure out whether {a} and {b} are the same.", "I have to find out whether {a} is equal to {b}.",
    "Someone asked me if {a} is the same number as {b}.", "Find out if {a} and {b} are equal.",
    "Could you tell me if {a} equals {b}?", "I am not sure whether {a} and {b} are the same. Can you help?",
    "Let me know whether {a} is equal to {b}.", "Please tell me if {a} is the same number as {b}.",
    "Can you check if {a} and {b} are equal for me?", "Can you say if {a} equals {b}?",
    "Would you mind telling me whether {a} and {b} are the same?", "Do you know whether {a} is equal to {b}?",
    "My friend asks if {a} is the same number as {b}.", "I want to know if {a} and {b} are equal.",
    "I wonder if {a} equals {b}.", "Help me find out whether {a} and {b} are the same.",
    "I'd like to know whether {a} is equal to {b}.", "Show me if {a} is the same number as {b}.",
    "Can you figure out if {a} and {b} are equal?", "I need to know if {a} equals {b}.",
    "Now tell me whether {a} and {b} are the same.", "Please check if {a} is the same number as {b}.",
    "I forgot if {a} and {b} are equal. Please tell me.", "Figure out if {a} equals {b}.",
    "I have to find out whether {a} and {b} are the same.", "Someone asked me whether {a} is equal to {b}.",
    "Find out if {a} is the same number as {b}.", "Could you tell me if {a} and {b} are equal?",
    "I am not sure if {a} equals {b}. Can you help?", "Let me know whether {a} and {b} are the same.",
    "Please tell me whether {a} is equal to {b}.", "Can you check if {a} is the same number as {b} for me?",
    "Yes or no: is {a} the same as {b}?", "Yes or no: {a} = {b}", "Is {a} equal to {b}? Yes or no?",
    "Are {a} and {b} equal? Yes or no?", "{a} equals {b}, right?", "{a} = {b}, yes or no?",
    "{a} and {b}: are they equal?", "{a} and {b}: the same number?", "{a} and {b} are the same. Is that true?",
    "Is it true that {a} equals {b}?", "Is it right that {a} and {b} are equal?", "I think {a} = {b}. Am I right?",
    "Do {a} and {b} match?", "The numbers are {a} and {b}. Are they equal?", "Compare {a} and {b}. Are they the same?",
)  # fmt: skip

EXTREME_TEMPLATES: tuple[str, ...] = (
    "What is the {w} number in {l}?", "What is the {w} of {l}?", "What is the {w} number: {l}?",
    "What's the {w} of {l}?", "What is the {w} of these numbers: {l}?", "What is the {w} number in this list: {l}?",
    "What is the {w} value in {l}?", "What is the {w} value: {l}", "Which is the {w} of {l}?", "Which is the {w}: {l}?",
    "Which number is the {w}: {l}?", "Which number is the {w} in {l}?", "Which of these is the {w}: {l}?",
    "Which of these numbers is the {w}: {l}?", "Which one is the {w}: {l}?", "Which of {l} is the {w}?",
    "Find the {w} number: {l}", "Find the {w} number in {l}.", "Find the {w} of {l}.",
    "Find the {w} of these numbers: {l}.", "Find the {w} value in the list {l}.", "Find the {w} in {l}",
    "Give me the {w} of {l}.", "Give me the {w} number in this list: {l}", "Give the {w} number: {l}",
    "Tell me the {w} of {l}.", "Tell me the {w} number in {l}.", "Tell me which is the {w}: {l}",
    "Pick the {w} number from {l}.", "Pick the {w}: {l}", "Choose the {w} number: {l}.",
    "Choose the {w} of these: {l}.", "Select the {w} number from this list: {l}", "Return the {w} of {l}.",
    "Print the {w} of these: {l}", "Name the {w} number in {l}.", "Look for the {w} number: {l}.",
    "Look at {l}. Which is the {w}?", "Here are some numbers: {l}. Which is the {w}?",
    "Here is a list: {l}. What is the {w} number?", "I have these numbers: {l}. Which is the {w}?",
    "I have the numbers {l}. What is the {w} one?", "The numbers are {l}. Which one is the {w}?",
    "The list is {l}. Find the {w}.", "Given {l}, which is the {w}?", "Given the numbers {l}, find the {w}.",
    "Given the list {l}, return the {w} number.", "Among {l}, which is the {w}?",
    "Among the numbers {l}, which is the {w}?", "From {l}, take the {w}.", "Of {l}, which is the {w}?",
    "Of the numbers {l}, which one is the {w}?", "Out of {l}, which number is the {w}?", "Can you find the {w} of {l}?",
    "Can you find the {w} number in {l}?", "Could you tell me the {w} of {l}?", "Could you pick the {w} number: {l}?",
    "Do you see the {w} number in {l}?", "Please find the {w} of {l}.", "Please give me the {w} number: {l}.",
    "{w} of {l}?", "{w} number: {l}", "{w}: {l}", "The {w} of {l} is what?", "{l}: which is the {w}?",
    "{l}. What is the {w} number?", "The scores were {l}. What was the {w} score?",
    "The prices are {l} dollars. What is the {w} price?", "We measured {l}. What is the {w} value?",
    "{name} got these scores: {l}. Which is the {w}?", "The children are {l} years old. What is the {w} age?",
    "In the list {l}, what is the {w} number?", "Compare {l}. Which is the {w}?", "Search {l} for the {w} number.",
    "Show me the {w} of these numbers: {l}.", "I need the {w} of {l}.", "The temperatures were {l}. Which was the {w}?",
    "Write the {w} of the numbers {l}.", "From the list {l}, name the {w}.", "My numbers: {l}. Tell me the {w}.",
    "My son wants to know the {w} of {l}.", "What's the {w} number in {l}?",
    "Now tell me the {w} of these numbers: {l}.", "Get me the {w} value in the list {l}.",
    "Let me know the {w} of {l}.", "Can somebody tell me the {w} number in {l}?",
    "I have to find the {w} of these numbers: {l}.", "Could I have the {w} value in the list {l}?",
    "I would like to know the {w} of {l}.", "Would you mind telling me the {w} number in {l}?",
    "Just give me the {w} of these numbers: {l}.", "Show me the {w} value in the list {l}.",
    "I am trying to find the {w} of {l}.", "My homework asks for the {w} number in {l}.",
    "I am looking for the {w} of these numbers: {l}.", "What exactly is the {w} value in the list {l}?",
    "Please tell me the {w} of {l}.", "Write down the {w} number in {l}.",
    "Can you figure out the {w} of these numbers: {l}?", "We need the {w} value in the list {l}.",
    "I need to find the {w} of {l}.", "Would you please give me the {w} number in {l}?",
    "Help me find the {w} of these numbers: {l}.", "Help me figure out the {w} value in the list {l}.",
    "Could you please tell me the {w} of {l}?", "Do me a favor and find the {w} number in {l}.",
    "Hey, what's the {w} of these numbers: {l}?", "Try to find the {w} value in the list {l}.", "Name the {w} of {l}.",
    "Can you give me the {w} number in {l}?", "I'd like to know the {w} of these numbers: {l}.",
    "Do you know the {w} value in the list {l}?", "So what is the {w} of {l}?", "Quick, what is the {w} number in {l}",
    "Figure out the {w} of these numbers: {l}.", "Figure out which is the {w} of {l}.",
    "Can you say which number in {l} is the {w}?", "Just say which of {l} is the {w} one.",
    "I need to know which is the {w} of {l}.", "I wonder which number in {l} is the {w}.",
    "Please check which of {l} is the {w} one.", "I forgot which is the {w} of {l}. Please tell me.",
    "My friend asks which number in {l} is the {w}.", "Can you check which of {l} is the {w} one for me?",
    "Show me which is the {w} of {l}.", "I am not sure which number in {l} is the {w}. Can you help?",
    "I have to find out which of {l} is the {w} one.", "Help me find out which is the {w} of {l}.",
    "Would you mind telling me which number in {l} is the {w}?", "I'd like to know which of {l} is the {w} one.",
    "Let me know which is the {w} of {l}.", "Now tell me which number in {l} is the {w}.",
    "Can you figure out which of {l} is the {w} one?", "Please tell me which is the {w} of {l}.",
    "Work out which number in {l} is the {w}.", "Do you know which of {l} is the {w} one?",
    "I want to know which is the {w} of {l}.", "Someone asked me which number in {l} is the {w}.",
    "Any idea which of {l} is the {w} one?", "Could you tell me which is the {w} of {l}?",
    "Find out which number in {l} is the {w}.", "Your job is to find the {w} of {l}.",
    "We have to pick the {w} number in {l}. Can you do it?", "I have to choose the {w} one of {l}. What is it?",
    "Let's look for the {w} number in {l}.", "Would you find the {w} of {l}?", "Help me pick the {w} number in {l}.",
    "Try to choose the {w} one of {l}.", "Are you able to look for the {w} number in {l}?",
    "Your task: pick the {w} number in {l}.", "Would you mind helping me choose the {w} one of {l}?",
    "I need you to look for the {w} number in {l}.", "You should find the {w} of {l}.",
    "Can you pick the {w} number in {l}?", "Please help me choose the {w} one of {l}.",
    "Please look for the {w} number in {l}.", "Find the {w} of {l}, please.",
    "I want you to pick the {w} number in {l}.", "Could you choose the {w} one of {l} for me?",
    "Go ahead and look for the {w} number in {l}.", "Now find the {w} of {l}.",
    "I'd like you to pick the {w} number in {l}.", "Your job is to look for the {w} number in {l}.",
    "We have to find the {w} of {l}. Can you do it?", "I have to pick the {w} number in {l}. What is it?",
    "Let's choose the {w} one of {l}.", "Would you look for the {w} number in {l}?", "Help me find the {w} of {l}.",
    "Try to pick the {w} number in {l}.", "Are you able to choose the {w} one of {l}?",
    "Look for the {w} number in {l}.", "Your task: find the {w} of {l}.",
    "Would you mind helping me pick the {w} number in {l}?", "I need you to choose the {w} one of {l}.",
)  # fmt: skip

UP = (
    "in ascending order", "from smallest to largest", "from low to high", "in increasing order",
    "from lowest to highest", "smallest first", "from small to big", "in ascending order", "from smallest to biggest",
    "from least to greatest", "lowest first", "ascending",
)  # fmt: skip
DOWN = (
    "in descending order", "from largest to smallest", "from high to low", "in decreasing order",
    "from highest to lowest", "largest first", "from big to small", "in reverse order of size",
    "from biggest to smallest", "from greatest to least", "highest first", "descending",
)  # fmt: skip
SORT_TEMPLATES: tuple[str, ...] = (
    "Sort {l} {o}.", "Sort {l} {o}", "Sort the numbers {l} {o}.", "Sort these numbers {o}: {l}",
    "Sort these numbers {o}: {l}.", "Sort this list {o}: {l}", "Sort the list {l} {o}.",
    "Sort the following numbers {o}: {l}", "Sort {o}: {l}", "Please sort {l} {o}.",
    "Please sort these numbers {o}: {l}", "Can you sort {l} {o}?", "Can you sort these numbers {o}: {l}?",
    "Could you sort {l} {o} for me?", "Could you sort the list {l} {o}?", "Order {l} {o}.",
    "Order these numbers {o}: {l}", "Order the numbers {l} {o}.", "Order the list {o}: {l}.", "Put {l} {o}.",
    "Put these numbers {o}: {l}", "Put the numbers {l} {o}.", "Put this list {o}: {l}.", "Put these in order, {o}: {l}",
    "Arrange {l} {o}.", "Arrange these numbers {o}: {l}", "Arrange the numbers {o}: {l}.", "Arrange the list {l} {o}.",
    "Can you arrange {l} {o}?", "Rank these numbers {o}: {l}", "Rank {l} {o}.", "List {l} {o}.",
    "List these numbers {o}: {l}", "Write {l} {o}.", "Write these numbers {o}: {l}", "Write the numbers {l} {o}.",
    "Rewrite this list {o}: {l}", "Give me {l} {o}.", "Give me these numbers {o}: {l}", "Show {l} {o}.",
    "Show these numbers {o}: {l}", "Return {l} sorted {o}.", "Return the list {l} {o}.", "What is {l} sorted {o}?",
    "What are these numbers {o}: {l}?", "What is the list {l} {o}?", "How do you write {l} {o}?",
    "Here are some numbers: {l}. Sort them {o}.", "Here are numbers: {l}. Put them {o}.",
    "I have the numbers {l}. Sort them {o}.", "I have {l}. Put them {o}.", "The numbers are {l}. List them {o}.",
    "The list is {l}. Sort it {o}.", "My list: {l}. Sort it {o}, please.", "Given {l}, sort them {o}.",
    "Given the list {l}, put it {o}.", "Take {l} and sort them {o}.", "Take these numbers and sort them {o}: {l}",
    "I want {l} {o}.", "I need these numbers {o}: {l}", "Numbers: {l}. Order: {o}.", "Help me sort {l} {o}.",
    "Help me put {l} {o}.", "{l}: sort these {o}.", "{l} - sort {o}", "{l}. Sort these {o}.", "sort: {l} ({o})",
    "Order by size, {o}: {l}", "The scores are {l}. Sort them {o}.", "The prices are {l}. Order them {o}.",
    "{name} wrote {l}. Put these numbers {o}.", "Organize these numbers {o}: {l}",
    "Please help me sort {l} {o}.", "Could you please sort the numbers {l} {o}?", "Can you quickly put {l} {o}?",
    "How would you order the numbers {l} {o}?", "We have to arrange {l} {o}. Can you do it?",
    "Your task: list {l} {o}.", "I can't write the numbers {l} {o}. Can you?", "Can you put the list {l} {o}?",
    "My homework says: sort the numbers {l} {o}.", "I want you to put {l} {o}.",
    "Would you mind helping me order the numbers {l} {o}?", "I'd like you to arrange {l} {o}.",
    "My task is to list {l} {o}. What do I get?", "Let's write the numbers {l} {o}.",
    "Go ahead and put the list {l} {o}.", "Sort {l} {o}, please.", "Just sort the numbers {l} {o}.",
    "Please put {l} {o}.", "First job today: order the numbers {l} {o}.", "Your job is to arrange {l} {o}.",
    "Try to list {l} {o}.", "Are you able to put the list {l} {o}?", "Would you sort {l} {o}?",
    "Could you sort the numbers {l} {o} for me?", "I need you to put {l} {o}.", "Now order the numbers {l} {o}.",
    "You should arrange {l} {o}.", "I have to list {l} {o}. What is it?", "Please help me put the list {l} {o}.",
    "Could you please sort {l} {o}?", "Can you quickly sort the numbers {l} {o}?", "How would you put {l} {o}?",
    "We have to order the numbers {l} {o}. Can you do it?", "Your task: arrange {l} {o}.",
    "I can't list {l} {o}. Can you?", "Can you write the numbers {l} {o}?", "Help me put the list {l} {o}.",
    "My homework says: sort {l} {o}.", "I want you to sort the numbers {l} {o}.",
    "Would you mind helping me put {l} {o}?", "I'd like you to order the numbers {l} {o}.",
    "My task is to arrange {l} {o}. What do I get?", "Let's list {l} {o}.", "Go ahead and write the numbers {l} {o}.",
    "Put the list {l} {o}, please.", "Just sort {l} {o}.", "Please sort the numbers {l} {o}.",
    "First job today: put {l} {o}.", "Your job is to order the numbers {l} {o}.", "Try to arrange {l} {o}.",
    "Are you able to write the numbers {l} {o}?", "Would you put the list {l} {o}?",
    "I need you to sort the numbers {l} {o}.", "Now put {l} {o}.", "You should order the numbers {l} {o}.",
    "I have to arrange {l} {o}. What is it?", "Please help me write the numbers {l} {o}.",
    "Could you please put the list {l} {o}?", "Can you quickly sort {l} {o}?",
    "How would you sort the numbers {l} {o}?", "We have to put {l} {o}. Can you do it?",
    "Your task: order the numbers {l} {o}.", "I can't arrange {l} {o}. Can you?", "Can you list {l} {o}?",
    "Help me write the numbers {l} {o}.", "My homework says: put the list {l} {o}.", "I want you to sort {l} {o}.",
    "Would you mind helping me sort the numbers {l} {o}?", "I'd like you to put {l} {o}.",
    "My task is to order the numbers {l} {o}. What do I get?", "Let's arrange {l} {o}.", "Go ahead and list {l} {o}.",
    "Write the numbers {l} {o}, please.", "Just put the list {l} {o}.", "First job today: sort the numbers {l} {o}.",
    "Your job is to put {l} {o}.", "Try to order the numbers {l} {o}.", "Are you able to list {l} {o}?",
    "I need you to sort these numbers {o}: {l}", "Are you able to put these numbers {o}: {l}",
    "I'd like you to arrange this list {o}: {l}", "Go ahead and order the following numbers {o}: {l}",
    "Try to list these {o}: {l}", "Please help me sort these numbers {o}: {l}", "Your task: put these numbers {o}: {l}",
    "You should arrange this list {o}: {l}", "Can you order the following numbers {o}: {l}",
    "I want you to list these {o}: {l}", "Would you mind helping me sort these numbers {o}: {l}",
    "Help me put these numbers {o}: {l}", "Would you arrange this list {o}: {l}",
    "Order the following numbers {o}: {l}", "Now list these {o}: {l}", "Let's sort these numbers {o}: {l}",
    "Your job is to put these numbers {o}: {l}", "Please arrange this list {o}: {l}",
    "I need you to list these {o}: {l}", "Are you able to sort these numbers {o}: {l}",
    "I'd like you to put these numbers {o}: {l}", "Go ahead and arrange this list {o}: {l}",
    "Try to order the following numbers {o}: {l}", "Please help me list these {o}: {l}",
    "Your task: sort these numbers {o}: {l}", "You should put these numbers {o}: {l}",
    "Can you arrange this list {o}: {l}", "I want you to order the following numbers {o}: {l}",
    "Would you mind helping me list these {o}: {l}", "Help me sort these numbers {o}: {l}",
    "Would you put these numbers {o}: {l}", "Arrange this list {o}: {l}", "Now order the following numbers {o}: {l}",
    "Let's list these {o}: {l}", "Your job is to sort these numbers {o}: {l}", "Please put these numbers {o}: {l}",
    "{l}: put these {o}.", "{l}: arrange them {o}.", "{l}. Put them {o}.", "{l}, sorted {o}", "{l} {o}, please.",
    "How do {l} look {o}?", "What do {l} look like sorted {o}?", "My numbers are {l}. Put them {o}.",
    "My numbers: {l}. Arrange them {o}.", "These are the numbers: {l}. Order them {o}.",
    "Here is a list: {l}. Put it {o}.", "Here is my list: {l}. Sort it {o}.", "I need {l} {o}.",
    "I'd like {l} sorted {o}.", "I want these numbers {o}: {l}", "Show me {l} {o}.",
    "Given the numbers {l}, list them {o}.", "Look at {l}. Put them {o}.",
)  # fmt: skip
SORT_PLAIN_TEMPLATES: tuple[str, ...] = (
    "Sort {l}.", "Sort {l}", "Sort: {l}", "Sort these numbers: {l}", "Sort these numbers: {l}.",
    "Sort the numbers {l}.", "Sort the list {l}.", "Sort this list: {l}", "Sort this list of numbers: {l}.",
    "Please sort {l}.", "Please sort these: {l}", "Can you sort {l}?", "Can you sort these numbers for me: {l}?",
    "Could you sort this list: {l}?", "Order these numbers: {l}", "Order {l} by size.",
    "Put these numbers in order: {l}", "Put {l} in order.", "Put the list in order: {l}.", "Arrange these numbers: {l}",
    "Arrange {l} in order.", "What is {l} sorted?", "What is the sorted list of {l}?", "Give me the sorted list: {l}",
    "Give me {l} in order.", "Return the sorted list: {l}", "Here is a list: {l}. Sort it.",
    "I have these numbers: {l}. Sort them.", "The numbers are {l}. Put them in the right order.",
    "Help me sort these: {l}", "Write these numbers in order: {l}", "List these in order: {l}", "sort {l}",
    "{l} sorted?",
    "You should sort {l}.", "Help me sort the numbers {l}.", "Would you mind helping me put {l} in order?",
    "Go ahead and arrange {l} in order.", "I can't order {l} by size. Can you?", "Now sort the list {l}.",
    "My homework says: put the numbers {l} in order.", "I'd like you to sort {l}.",
    "Are you able to sort the numbers {l}?", "Try to arrange {l} in order.", "I need you to order {l} by size.",
    "Sort the list {l}, please.", "Please put the numbers {l} in order.", "Could you sort {l} for me?",
    "Can you quickly sort the numbers {l}?", "Can you put {l} in order?",
    "We have to arrange {l} in order. Can you do it?", "Please help me order {l} by size.", "Just sort the list {l}.",
    "Would you put the numbers {l} in order?", "I want you to sort {l}.", "Let's sort the numbers {l}.",
    "Your job is to put {l} in order.", "Could you please arrange {l} in order?", "First job today: order {l} by size.",
    "How would you sort the list {l}?", "Your task: put the numbers {l} in order.",
    "My task is to sort {l}. What do I get?", "I have to sort the numbers {l}. What is it?",
    "You should arrange {l} in order.", "Help me order {l} by size.", "Would you mind helping me sort the list {l}?",
    "Go ahead and put the numbers {l} in order.", "I can't sort {l}. Can you?", "Now sort the numbers {l}.",
    "My homework says: put {l} in order.", "I'd like you to arrange {l} in order.",
    "Are you able to order {l} by size?", "Try to put the numbers {l} in order.", "I need you to sort {l}.",
    "Sort the numbers {l}, please.", "Please put {l} in order.", "Could you arrange {l} in order for me?",
    "Can you quickly order {l} by size?", "Can you sort the list {l}?",
    "We have to put the numbers {l} in order. Can you do it?", "Please help me sort {l}.", "Just sort the numbers {l}.",
    "Would you put {l} in order?", "I want you to arrange {l} in order.", "Let's order {l} by size.",
    "Your job is to sort the list {l}.", "Could you please put the numbers {l} in order?", "First job today: sort {l}.",
    "{l}: sort them.", "{l}: put them in order.", "{l}, sorted", "{l}, in order please.", "{l} in order?",
    "My numbers: {l}. Sort them.", "My list is {l}. Put it in order.", "Here are some numbers: {l}. Put them in order.",
    "Here are my numbers: {l}. Arrange them.", "I need {l} sorted.", "I need these numbers in order: {l}",
    "I'd like {l} in order.", "I want this list sorted: {l}", "Given {l}, sort them.",
    "Given the list {l}, put it in order.", "Show me {l} in order.", "Show the sorted list: {l}",
    "What do {l} look like in order?", "What is the right order of {l}?", "Take {l} and sort them.",
    "Arrange by size: {l}", "Order by size: {l}", "Sort by size: {l}",
)  # fmt: skip


def _relative(rng: random.Random, a: int) -> int:
    """A number that is hard to tell from a: same length, mostly the same beginning."""
    text = list(str(a))
    place = rng.randrange(len(text))
    text[place] = rng.choice("123456789")
    for later in range(place + 1, len(text)):
        if rng.random() < 0.5:
            text[later] = rng.choice("0123456789")
    return int("".join(text))


def _pair(rng: random.Random) -> tuple[int, int]:
    digits = rng.choices((1, 2, 3, 4, 5), (12, 34, 28, 18, 8))[0]
    a = rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)
    roll = rng.random()
    if roll < 0.4:
        b = _relative(rng, a)
    elif roll < 0.75:
        b = rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)
    else:
        b = rng.randrange(10 ** rng.randint(1, digits))
    if a != b and rng.random() < 0.06:
        a, b = rng.choice(((-a, -b), (-a, b), (a, -b)))
    return (a, b) if rng.random() < 0.5 else (b, a)


def compare_example(rng: random.Random, wording: Wording) -> Example:
    a, b = _pair(rng)
    yes_no = a == b or rng.random() < 0.4
    if yes_no and rng.random() < 0.08:
        b = a
    low, high = sorted((a, b))
    key = f"{low},{high}"
    name, other = rng.sample(lexicon.FIRST_NAMES, 2)
    wanted: Wanted = "max" if rng.random() < 0.6 else "min"
    values = {"a": str(a), "b": str(b), "items": rng.choice(lexicon.GOODS)[1], "name": name, "other": other}
    if not yes_no:
        word = rng.choice(BIGGER if wanted == "max" else SMALLER)
        templates = WHICH_TEMPLATES if rng.random() < 0.88 or low < 0 else MORE_STORIES
        question = wording.pick(templates).format(w=word, **values)
        lines = workings.compare(wanted, a, b)
        return worked(dress(wording, question), lines, str(high if wanted == "max" else low), key)
    lines, sign = workings.signed_relation(a, b)
    if rng.random() < (0.6 if a == b else 0.12):
        question, asked = wording.pick(EQUAL_TEMPLATES).format(**values), "="
    else:
        asked = ">" if wanted == "max" else "<"
        word = rng.choice(BIGGER if asked == ">" else SMALLER)
        question = wording.pick(YES_NO_TEMPLATES).format(w=word, s=asked, **values)
    lines.insert(0, workings.Aside(f"{a}{asked}{b}?"))
    return worked(dress(wording, question), lines, "yes" if sign == asked else "no", key)


def _numbers(rng: random.Random) -> list[int]:
    count = rng.choices((3, 4, 5, 6, 7), (22, 26, 26, 16, 10))[0]
    roll = rng.random()
    if roll < 0.12:
        pool = range(10)
    elif roll < 0.3:
        pool = range(1, 21)
    elif roll < 0.75:
        pool = range(1, 100)
    elif roll < 0.9:
        pool = range(100, 1000)
    else:
        pool = range(1, 1000)
    if rng.random() < 0.05:
        return [rng.choice(pool) for _ in range(count)]
    return rng.sample(pool, count)


def _list_text(rng: random.Random, numbers: Sequence[int]) -> str:
    roll = rng.random()
    if roll < 0.6:
        return ", ".join(map(str, numbers))
    if roll < 0.75:
        return ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
    if roll < 0.85:
        return " ".join(map(str, numbers))
    if roll < 0.95:
        return "[" + ", ".join(map(str, numbers)) + "]"
    return ",".join(map(str, numbers))


def _key(numbers: Sequence[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


def extreme_example(rng: random.Random, wording: Wording) -> Example:
    numbers = _numbers(rng)
    wanted: Wanted = "max" if rng.random() < 0.55 else "min"
    word = rng.choice(BIGGEST if wanted == "max" else SMALLEST)
    name = rng.choice(lexicon.FIRST_NAMES)
    text = _list_text(rng, numbers)
    if len(numbers) == 3 and rng.random() < 0.5:
        text = f"{numbers[0]}, {numbers[1]} or {numbers[2]}"
    question = wording.pick(EXTREME_TEMPLATES).format(w=word, l=text, name=name)
    answer = max(numbers) if wanted == "max" else min(numbers)
    return worked(dress(wording, question), workings.extreme(wanted, numbers), str(answer), _key(numbers))


def sort_example(rng: random.Random, wording: Wording) -> Example:
    numbers = _numbers(rng)
    text = _list_text(rng, numbers)
    descending = rng.random() < 0.4
    if not descending and rng.random() < 0.4:
        question = wording.pick(SORT_PLAIN_TEMPLATES).format(l=text)
    else:
        name = rng.choice(lexicon.FIRST_NAMES)
        question = wording.pick(SORT_TEMPLATES).format(l=text, o=rng.choice(DOWN if descending else UP), name=name)
    answer = ", ".join(map(str, sorted(numbers, reverse=descending)))
    return worked(dress(wording, question), workings.sort(numbers, descending), answer, _key(numbers))


TASKS: list[Task] = [
    Task("compare", compare_example, off_share=0.5, multi_step=False),
    Task("extreme", extreme_example, off_share=0.5, multi_step=False),
    Task("sort", sort_example, weight=1.3, off_share=0.55),
]
