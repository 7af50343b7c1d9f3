"""Days of the week, months, dates and units of measure; knows no years, no time zones and no fractions."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.tasks import workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.lexicon_scenes import DAYS, MONTH_LENGTHS, MONTHS, NUMBER_WORDS
from training.tasks.phrasing import dress

DAYS_AFTER = (
    "What day is it {n} days after {d}?", "What day is {n} days after {d}?", "Which day comes {n} days after {d}?", "{n} days after {d}?",
    "Today is {d}. What day will it be in {n} days?", "If today is {d}, what day is it in {n} days?", "It is {d}. What day is it in {n} days?",
    "What weekday is {n} days from {d}?", "What day of the week is it {n} days after {d}?", "Today is {d}. Which day is {n} days later?",
    "Starting on {d}, what day is it after {n} days?", "{d} plus {n} days is which day?", "Count {n} days on from {d}.", "Add {n} days to {d}.",
    "Which weekday will it be {n} days after {d}?", "On {d} I say: see you in {n} days. What day is that?", "A trip starts on {d} and ends {n} days later. On what day does it end?",
    "My birthday is {n} days after {d}. What day is it?", "Tell me the day {n} days after {d}.", "If it is {d} now, which day will it be {n} days from now?",
    "What is the day {n} days after {d}?", "Today is {d}. The party is in {n} days. What day is the party?", "I ordered a book on {d}. It comes {n} days later. Which day?",
    "Go forward {n} days from {d}.", "{d} + {n} days = ?", "Name the day that is {n} days after {d}.", "What day follows {d} after {n} days?", "Give me the day {n} days past {d}.",
    "Suppose it is {d}. What day will it be after {n} days?", "My test is {n} days from today. Today is {d}. What day is the test?",
    "Weekday {n} days after {d}?", "Day {n} days after {d}?", "day {d} plus {n} days", "weekday {n} days from {d}", "{n} days from {d}: which day?", "{n} days past {d} is what day?", "{n} days after {d} is which weekday?",
    "After {n} days from {d}, what day is it?", "If I wait {n} days from {d}, what day is it then?", "It is {d} today and I wait {n} days. Which day is it then?", "Now it is {d}. In {n} days, what day will it be?",
    "In {n} days, what day will it be if today is {d}?", "What will the day be in {n} days, if it is {d} now?", "Today is {d}. Name the day in {n} days.", "Today is {d}. Tell me the weekday in {n} days.",
    "Today is {d}; my friend comes in {n} days. What day is that?", "We meet {n} days after {d}. Which day do we meet?", "The shop opens {n} days after {d}. On what day does it open?",
    "The game is {n} days after {d}. What weekday is the game?", "I start work {n} days after {d}. Which weekday is that?", "School begins {n} days after {d}. What day does it begin?",
    "My holiday begins on {d}. {n} days later I come home. Which day?", "She leaves on {d} and comes back {n} days later. On which day does she come back?", "He was born {n} days after {d}. What weekday was it?",
    "The letter was sent on {d} and takes {n} days. What day does it come?", "Start at {d} and move {n} days forward.", "Move {n} days forward from {d}.", "Count forward {n} days starting from {d}.",
    "Please count {n} days on from {d}.", "Please name the day {n} days after {d}.", "Please give me the weekday {n} days after {d}.", "Give the weekday that comes {n} days after {d}.",
    "From {d}, go {n} days forward. Which day is it?", "From {d} on, {n} days later, what day is it?", "Which day will it be after {n} days, if it is {d} today?", "Counting from {d}, which day is {n} days later?",
    "Find the day that comes {n} days after {d}.", "Work out the weekday {n} days after {d}.", "When it is {d}, what day is {n} days away?", "The day is {d}. What is the day {n} days later?",
    "{d} and then {n} days more: which day?", "What do I get when I add {n} days to {d}?", "Today's {d}. What's the day in {n} days?", "What's {n} days after {d}?", "What's {d} plus {n} days?",
    "Say the day of the week {n} days after {d}.", "I forgot what day of the week comes {n} days after {d}.", "Please tell me what day is {n} days later than {d}.", "Can you tell me what day of the week comes {n} days after {d}?",
    "I have to know what day it is {n} days after {d}.", "Can you tell me which day it will be {n} days from {d}?", "Help me find out which weekday is {n} days after {d}.", "Please tell me which weekday is {n} days after {d}.",
    "Please say what day it is {n} days after {d}.", "I'd like to know which day it will be {n} days from {d}.", "I forgot which day comes {n} days after {d}.", "Could you tell me what day of the week comes {n} days after {d}?",
    "I am not sure what day of the week comes {n} days after {d}.", "I forgot which weekday is {n} days after {d}.", "Help me find out which day comes {n} days after {d}.", "Say which weekday is {n} days after {d}.",
    "I am not sure what day is {n} days later than {d}.", "Tell me which day it will be {n} days from {d}, please.", "I need to know which day it will be {n} days from {d}.",
    "I have to know which day it will be {n} days from {d}.", "Do you know which day it will be {n} days from {d}?", "Do you know which weekday is {n} days after {d}?", "I am not sure what day it is {n} days after {d}.",
    "I wonder what day it is {n} days after {d}.", "I need to know what day is {n} days later than {d}.", "I want to know which day comes {n} days after {d}.", "Please tell me which day it will be {n} days from {d}.",
    "I have to know what day is {n} days later than {d}.", "I am not sure which weekday is {n} days after {d}.", "I'd like to know what day is {n} days later than {d}.", "Find out which day comes {n} days after {d}.",
    "Any idea which day it will be {n} days from {d}?", "I am not sure which day it will be {n} days from {d}.", "Find out what day is {n} days later than {d}.", "Could you tell me which day comes {n} days after {d}?",
    "Any idea what day it is {n} days after {d}?", "I want to know what day it is {n} days after {d}.", "I wonder which day comes {n} days after {d}.", "Could you tell me what day it is {n} days after {d}?",
    "I forgot what day it is {n} days after {d}.", "Tell me which weekday is {n} days after {d}, please.",
)  # fmt: skip
DAYS_BEFORE = (
    "What day is it {n} days before {d}?", "What day was {n} days before {d}?", "Which day comes {n} days before {d}?", "{n} days before {d}?",
    "Today is {d}. What day was it {n} days ago?", "If today is {d}, what day was it {n} days ago?", "It is {d}. What day was it {n} days ago?",
    "What weekday is {n} days before {d}?", "What day of the week was it {n} days before {d}?", "Today is {d}. Which day was {n} days earlier?",
    "{d} minus {n} days is which day?", "Count {n} days back from {d}.", "Go back {n} days from {d}.", "{d} - {n} days = ?", "Take {n} days from {d}.",
    "Name the day that is {n} days before {d}.", "The party was {n} days before {d}. What day was it?", "Today is {d}. I saw Tom {n} days ago. On which day?",
    "Tell me the day {n} days before {d}.", "I must pay {n} days before {d}. Which day is that?", "Suppose it is {d}. What day was it {n} days ago?", "What is the day {n} days earlier than {d}?",
    "If it is {d} now, which day was it {n} days back?", "A trip ended on {d} after {n} days. On what day did it start?",
    "Weekday {n} days before {d}?", "Day {n} days before {d}?", "day {d} minus {n} days", "weekday {n} days before {d}", "{n} days before {d}: which day?", "{n} days before {d} is which weekday?",
    "{n} days back from {d} is what day?", "{n} days earlier than {d} is what day?", "It is {d} today. {n} days ago, what day was it?", "Now it is {d}. Which weekday was it {n} days ago?",
    "What day was it {n} days ago, if today is {d}?", "{n} days ago, what day was it if it is {d} now?", "Today is {d}. Name the day {n} days ago.", "Today is {d}. Tell me the weekday {n} days back.",
    "Today is {d}. I came here {n} days ago. Which day was that?", "Today is {d}; my friend left {n} days ago. What day was that?", "We met {n} days before {d}. Which day did we meet?",
    "The shop closed {n} days before {d}. On what day did it close?", "The game was {n} days before {d}. What weekday was the game?", "I started work {n} days before {d}. Which weekday was that?",
    "School ended {n} days before {d}. What day did it end?", "She came back on {d}. She left {n} days earlier. On which day did she leave?", "He was born {n} days before {d}. What weekday was it?",
    "The letter came on {d}. It was sent {n} days earlier. What day was it sent?", "Start at {d} and move {n} days back.", "Move {n} days back from {d}.", "Count back {n} days starting from {d}.",
    "Please count {n} days back from {d}.", "Please name the day {n} days before {d}.", "Please give me the weekday {n} days before {d}.", "Give the weekday that comes {n} days before {d}.",
    "From {d}, go {n} days back. Which day is it?", "From {d} back {n} days, what day is it?", "Counting back from {d}, which day is {n} days earlier?", "Find the day that comes {n} days before {d}.",
    "Work out the weekday {n} days before {d}.", "Subtract {n} days from {d}.", "Take away {n} days from {d}. Which day is it?", "The day is {d}. What was the day {n} days earlier?",
    "I need a ticket {n} days before {d}. What day is that?", "The work must be done {n} days before {d}. Which weekday is that?", "What do I get when I take {n} days from {d}?", "Today's {d}. What was the day {n} days ago?",
    "What's {n} days before {d}?", "What's {d} minus {n} days?", "Say the day of the week {n} days before {d}.", "I forgot what day of the week was {n} days before {d}.", "Please tell me what day is {n} days earlier than {d}.",
    "Can you tell me what day of the week was {n} days before {d}?", "I have to know what day it was {n} days before {d}.", "Can you tell me which day it was {n} days back from {d}?",
    "Help me find out which weekday is {n} days before {d}.", "Please tell me which weekday is {n} days before {d}.", "Please say what day it was {n} days before {d}.", "I'd like to know which day it was {n} days back from {d}.",
    "I forgot which day comes {n} days before {d}.", "Could you tell me what day of the week was {n} days before {d}?", "I am not sure what day of the week was {n} days before {d}.",
    "I forgot which weekday is {n} days before {d}.", "Help me find out which day comes {n} days before {d}.", "Say which weekday is {n} days before {d}.", "I am not sure what day is {n} days earlier than {d}.",
    "Tell me which day it was {n} days back from {d}, please.", "I need to know which day it was {n} days back from {d}.", "I have to know which day it was {n} days back from {d}.",
    "Do you know which day it was {n} days back from {d}?", "Do you know which weekday is {n} days before {d}?", "I am not sure what day it was {n} days before {d}.", "I wonder what day it was {n} days before {d}.",
    "I need to know what day is {n} days earlier than {d}.", "I want to know which day comes {n} days before {d}.", "Please tell me which day it was {n} days back from {d}.",
    "I have to know what day is {n} days earlier than {d}.", "I am not sure which weekday is {n} days before {d}.", "I'd like to know what day is {n} days earlier than {d}.", "Find out which day comes {n} days before {d}.",
    "Any idea which day it was {n} days back from {d}?", "I am not sure which day it was {n} days back from {d}.", "Find out what day is {n} days earlier than {d}.", "Could you tell me which day comes {n} days before {d}?",
    "Any idea what day it was {n} days before {d}?", "I want to know what day it was {n} days before {d}.", "I wonder which day comes {n} days before {d}.", "Could you tell me what day it was {n} days before {d}?",
    "I forgot what day it was {n} days before {d}.", "Tell me which weekday is {n} days before {d}, please.",
)  # fmt: skip
NEXT_DAY = (
    "What day comes after {d}?", "Which day follows {d}?", "What is the day after {d}?", "Today is {d}. What day is tomorrow?", "If today is {d}, what is tomorrow?", "What comes after {d}?",
    "Which weekday is after {d}?", "Name the day after {d}.", "After {d} comes which day?", "It is {d} today. What is it tomorrow?", "Next day after {d}?", "Tell me the day that follows {d}.",
    "Yesterday was {d}. What day is it today?", "What's the next day after {d}?", "{d} is today, so tomorrow is what day?",
    "Which day comes after {d}?", "What day comes right after {d}?", "Which day is directly after {d}?", "What's the day after {d}?", "The day after {d}?", "day after {d}", "Give me the day after {d}.",
    "Please name the day after {d}.", "Name the day that follows {d}.", "Say the day after {d}.", "Tell me which day follows {d}.", "Tell me the day right after {d}, please.", "Find the day that comes after {d}.",
    "Write the day after {d}.", "Which day is one day after {d}?", "What day is the one after {d}?", "Right after {d} comes which day?", "I'd like to know which day follows {d}.", "Please say which day follows {d}.",
    "Please tell me which day follows {d}.", "Tell me what day is right after {d}, please.", "I forgot what day is right after {d}.", "Please tell me which day comes after {d}.", "I forgot which day comes after {d}.",
    "Find out what day is right after {d}.", "Could you tell me which day comes after {d}?", "Would you tell me which day follows {d}?", "I wonder what day is right after {d}.", "Can you tell me which day follows {d}?",
    "Can you tell me which day comes after {d}?", "I have to know which day follows {d}.", "Which weekday comes after {d}?", "What weekday comes right after {d}?", "Which weekday is directly after {d}?",
    "What's the weekday after {d}?", "The weekday after {d}?", "weekday after {d}", "Give me the weekday after {d}.", "Please name the weekday after {d}.", "Name the weekday that follows {d}.", "Say the weekday after {d}.",
    "Tell me which weekday follows {d}.", "Tell me the weekday right after {d}, please.", "Find the weekday that comes after {d}.", "Write the weekday after {d}.", "Which weekday is one day after {d}?",
    "What weekday is the one after {d}?", "Right after {d} comes which weekday?", "I'd like to know which weekday follows {d}.", "Please say which weekday follows {d}.", "Please tell me which weekday follows {d}.",
    "Tell me what weekday is right after {d}, please.", "I forgot what weekday is right after {d}.", "Please tell me which weekday comes after {d}.", "I forgot which weekday comes after {d}.",
    "Find out what weekday is right after {d}.", "Could you tell me which weekday comes after {d}?", "Would you tell me which weekday follows {d}?", "I wonder what weekday is right after {d}.",
    "Can you tell me which weekday follows {d}?", "Can you tell me which weekday comes after {d}?", "I have to know which weekday follows {d}.", "One day after {d}?", "1 day after {d}", "What is one day after {d}?",
    "{d} plus one day?", "Go one day forward from {d}.", "Today is {d}. Tomorrow?", "Today is {d}, tomorrow is what?", "Tomorrow is what day, if today is {d}?", "It is {d} today. Name the day tomorrow.",
    "Now it is {d}. Which day will it be tomorrow?", "What will tomorrow be if today is {d}?", "If yesterday was {d}, what day is today?", "Yesterday was {d}. What is today?", "Yesterday it was {d}. Which day is today?",
    "It was {d} yesterday. Tell me what day it is today.", "Today is {d} and the party is tomorrow. What day is the party?", "Today is {d}. I leave tomorrow. Which day do I leave?", "If it is {d}, which day is the next one?",
    "When {d} is over, which day begins?", "Which day begins when {d} ends?", "The day is {d}. What is the next day?", "Please tell me what tomorrow is. Today is {d}.",
)  # fmt: skip
PREVIOUS_DAY = (
    "What day comes before {d}?", "Which day is before {d}?", "What is the day before {d}?", "Today is {d}. What day was yesterday?", "If today is {d}, what was yesterday?", "What comes before {d}?",
    "Which weekday is right before {d}?", "Name the day before {d}.", "Before {d} comes which day?", "It is {d} today. What was it yesterday?", "Tell me the day just before {d}.",
    "Tomorrow is {d}. What day is it today?", "{d} is today, so yesterday was what day?", "Which day does {d} follow?",
    "Which day comes before {d}?", "What day comes right before {d}?", "Which day is directly before {d}?", "What's the day before {d}?", "The day before {d}?", "day before {d}", "Give me the day before {d}.",
    "Please name the day before {d}.", "Name the day that comes right before {d}.", "Say the day before {d}.", "Tell me which day comes right before {d}.", "Tell me the day right before {d}, please.",
    "Find the day that comes before {d}.", "Write the day before {d}.", "Which day is one day before {d}?", "What day is the one before {d}?", "Right before {d} comes which day?",
    "I'd like to know which day comes right before {d}.", "Please say which day comes right before {d}.", "Please tell me which day comes right before {d}.", "Tell me what day is right before {d}, please.",
    "I forgot what day is right before {d}.", "Please tell me which day comes before {d}.", "I forgot which day comes before {d}.", "Find out what day is right before {d}.", "Could you tell me which day comes before {d}?",
    "Would you tell me which day comes right before {d}?", "I wonder what day is right before {d}.", "Can you tell me which day comes right before {d}?", "Can you tell me which day comes before {d}?",
    "I have to know which day comes right before {d}.", "Which weekday comes before {d}?", "What weekday comes right before {d}?", "Which weekday is directly before {d}?", "What's the weekday before {d}?",
    "The weekday before {d}?", "weekday before {d}", "Give me the weekday before {d}.", "Please name the weekday before {d}.", "Name the weekday that comes right before {d}.", "Say the weekday before {d}.",
    "Tell me which weekday comes right before {d}.", "Tell me the weekday right before {d}, please.", "Find the weekday that comes before {d}.", "Write the weekday before {d}.", "Which weekday is one day before {d}?",
    "What weekday is the one before {d}?", "Right before {d} comes which weekday?", "I'd like to know which weekday comes right before {d}.", "Please say which weekday comes right before {d}.",
    "Please tell me which weekday comes right before {d}.", "Tell me what weekday is right before {d}, please.", "I forgot what weekday is right before {d}.", "Please tell me which weekday comes before {d}.",
    "I forgot which weekday comes before {d}.", "Find out what weekday is right before {d}.", "Could you tell me which weekday comes before {d}?", "Would you tell me which weekday comes right before {d}?",
    "I wonder what weekday is right before {d}.", "Can you tell me which weekday comes right before {d}?", "Can you tell me which weekday comes before {d}?", "I have to know which weekday comes right before {d}.",
    "One day before {d}?", "1 day before {d}", "What is one day before {d}?", "{d} minus one day?", "Go one day back from {d}.", "Today is {d}. Yesterday?", "Today is {d}, yesterday was what?",
    "Yesterday was what day, if today is {d}?", "It is {d} today. Name the day yesterday.", "Now it is {d}. Which day was it yesterday?", "What was yesterday if today is {d}?", "If tomorrow is {d}, what day is today?",
    "Tomorrow is {d}. What is today?", "Tomorrow it will be {d}. Which day is today?", "It will be {d} tomorrow. Tell me what day it is today.", "Today is {d} and the party was yesterday. What day was the party?",
    "Today is {d}. I came yesterday. Which day did I come?", "If it is {d}, which day was the last one?", "Which day ends when {d} begins?", "The day is {d}. What was the day before?",
    "Please tell me what yesterday was. Today is {d}.", "Which day is over when {d} begins?",
)  # fmt: skip
TWO_DAYS = (
    "Today is {d}. What day is the day after tomorrow?", "If today is {d}, what is the day after tomorrow?", "What is the day after tomorrow if today is {d}?", "It is {d}. Name the day after tomorrow.",
    "Tomorrow is the day after {d}. What comes after tomorrow?", "What day comes two days after {d}?", "Which day is the day after tomorrow, when today is {d}?", "The day before yesterday was {d}. What day is it today?",
    "Today is {d}. Which day is the day after tomorrow?", "Today is {d}. Day after tomorrow?", "It is {d} today. What is the day after tomorrow?", "It is {d} today. Which day comes after tomorrow?",
    "Now it is {d}. What day will it be the day after tomorrow?", "The day after tomorrow is what day, if today is {d}?", "If it is {d} now, which day is the day after tomorrow?", "Today is {d}. Tell me the day after tomorrow.",
    "Today is {d}. Name the day after tomorrow, please.", "What day is it two days after {d}?", "Which day is two days after {d}?", "Two days after {d}?", "Two days from {d} is which day?",
    "Today is {d}. What day is it in two days?", "Today is {d}. Which day comes in two days?", "Name the day two days after {d}.", "Tell me the day two days after {d}.", "Please tell me which day is two days after {d}.",
    "{d} plus two days is which day?", "Go two days forward from {d}.", "Count two days on from {d}.", "If the day before yesterday was {d}, what is today?", "The day before yesterday was {d}. Which day is today?",
    "The day before yesterday it was {d}. What day is today?", "It was {d} the day before yesterday. Tell me what day it is today.", "I leave the day after tomorrow. Today is {d}. On which day do I leave?",
    "The party is the day after tomorrow and today is {d}. What day is the party?", "Today is {d} and my test is the day after tomorrow. Which day is my test?", "Today is {d}. We meet in two days. Which day is that?",
    "When today is {d}, which day comes after tomorrow?", "Yesterday was the day after {d}. What day is it today?", "Tomorrow is the day after {d}. Which day is the day after tomorrow?", "What weekday is two days after {d}?",
    "Which weekday comes two days after {d}?", "Find out which weekday is two days after {d}.", "Tell me which weekday is two days after {d}, please.", "Please say which weekday is two days after {d}.",
    "I forgot what day is two days after {d}.", "Can you tell me which day comes two days after {d}?", "I want to know which day comes two days after {d}.", "I'd like to know what the day after tomorrow is if today is {d}.",
    "I have to know which day comes two days after {d}.", "Do you know what the day after tomorrow is if today is {d}?", "Say what day is two days after {d}.", "I have to know what the day after tomorrow is if today is {d}.",
    "Please tell me which day comes two days after {d}.", "Could you tell me which weekday is two days after {d}?", "I want to know which weekday is two days after {d}.", "I have to know what day is two days after {d}.",
    "I want to know what the day after tomorrow is if today is {d}.", "Could you tell me what the day after tomorrow is if today is {d}?", "Can you tell me what day is two days after {d}?",
    "I'd like to know which weekday is two days after {d}.", "I wonder what the day after tomorrow is if today is {d}.",
)  # fmt: skip
NEXT_MONTH = (
    "Which month comes after {d}?", "What month follows {d}?", "What is the month after {d}?", "What comes after {d}?", "Name the month after {d}.", "After {d} comes which month?",
    "It is {d}. What is the next month?", "If it is {d} now, what is next month?", "Next month after {d}?", "Tell me the month that follows {d}.", "What's the month after {d}?", "Last month was {d}. What month is it now?",
    "What month comes right after {d}?", "Which month is directly after {d}?", "The month after {d}?", "month after {d}", "Give me the month after {d}.", "Please name the month after {d}.", "Name the month that follows {d}.",
    "Say the month after {d}.", "Tell me which month follows {d}.", "Tell me the month right after {d}, please.", "Find the month that comes after {d}.", "Write the month after {d}.", "Which month is one month after {d}?",
    "What month is the one after {d}?", "Right after {d} comes which month?", "I'd like to know which month follows {d}.", "Please say which month follows {d}.", "Please tell me which month follows {d}.",
    "Tell me what month is right after {d}, please.", "I forgot what month is right after {d}.", "Please tell me which month comes after {d}.", "I forgot which month comes after {d}.", "Find out what month is right after {d}.",
    "Could you tell me which month comes after {d}?", "Would you tell me which month follows {d}?", "I wonder what month is right after {d}.", "Can you tell me which month follows {d}?",
    "Can you tell me which month comes after {d}?", "I have to know which month follows {d}.", "Please say what month is right after {d}.", "I need to know which month follows {d}.", "Help me find out which month follows {d}.",
    "Find out which month follows {d}.", "One month after {d}?", "1 month after {d}", "What is one month after {d}?", "{d} plus one month?", "Go one month forward from {d}.", "It is {d} now. Next month?",
    "This month is {d}. What is the next month?", "This month is {d}. Which month comes next?", "It is {d} now. Which month will be next?", "We have {d} now. What month comes next?", "If last month was {d}, what month is it now?",
    "Last month was {d}. Which month is this?", "When {d} is over, which month begins?", "Which month begins when {d} ends?", "I leave next month and it is {d} now. Which month is that?",
    "The school begins in the month after {d}. Which month is that?", "If this month is {d}, what will next month be?",
)  # fmt: skip
PREVIOUS_MONTH = (
    "Which month comes before {d}?", "What month is before {d}?", "What is the month before {d}?", "What comes before {d}?", "Name the month before {d}.", "Before {d} comes which month?",
    "It is {d}. What was the last month?", "If it is {d} now, what was last month?", "Tell me the month just before {d}.", "What's the month before {d}?", "Next month is {d}. What month is it now?",
    "What month comes right before {d}?", "Which month is directly before {d}?", "The month before {d}?", "month before {d}", "Give me the month before {d}.", "Please name the month before {d}.",
    "Name the month that comes right before {d}.", "Say the month before {d}.", "Tell me which month comes right before {d}.", "Tell me the month right before {d}, please.", "Find the month that comes before {d}.",
    "Write the month before {d}.", "Which month is one month before {d}?", "What month is the one before {d}?", "Right before {d} comes which month?", "I'd like to know which month comes right before {d}.",
    "Please say which month comes right before {d}.", "Please tell me which month comes right before {d}.", "Tell me what month is right before {d}, please.", "I forgot what month is right before {d}.",
    "Please tell me which month comes before {d}.", "I forgot which month comes before {d}.", "Find out what month is right before {d}.", "Could you tell me which month comes before {d}?",
    "Would you tell me which month comes right before {d}?", "I wonder what month is right before {d}.", "Can you tell me which month comes right before {d}?", "Can you tell me which month comes before {d}?",
    "I have to know which month comes right before {d}.", "Please say what month is right before {d}.", "I need to know which month comes right before {d}.", "Help me find out which month comes right before {d}.",
    "Find out which month comes right before {d}.", "One month before {d}?", "1 month before {d}", "What is one month before {d}?", "{d} minus one month?", "Go one month back from {d}.", "It is {d} now. Last month?",
    "This month is {d}. What was the last month?", "This month is {d}. Which month was it last month?", "It is {d} now. Which month was the last one?", "We have {d} now. What month was it last month?",
    "If next month is {d}, what month is it now?", "Next month is {d}. Which month is this?", "Which month is over when {d} begins?", "Which month ends when {d} begins?",
    "I came last month and it is {d} now. Which month was that?", "The school ended in the month before {d}. Which month was that?", "If this month is {d}, what was last month?",
)  # fmt: skip
MONTHS_AFTER = (
    "What month is {n} months after {d}?", "Which month comes {n} months after {d}?", "{n} months after {d}?", "It is {d}. What month is it in {n} months?", "If it is {d} now, what month will it be in {n} months?",
    "{d} plus {n} months is which month?", "Count {n} months on from {d}.", "Add {n} months to {d}.", "Go forward {n} months from {d}.", "A course starts in {d} and takes {n} months. In which month does it end?",
    "Tell me the month {n} months after {d}.", "{d} + {n} months = ?", "My baby is due {n} months after {d}. Which month is that?", "Name the month {n} months later than {d}.", "Which month will it be {n} months from {d}?",
    "Month {n} months after {d}?", "month {d} plus {n} months", "{n} months after {d}: which month?", "{n} months after {d} is what month?", "What's the month {n} months after {d}?", "Give me the month {n} months after {d}.",
    "Please name the month {n} months after {d}.", "Name the month that comes {n} months after {d}.", "Find the month that is {n} months after {d}.", "Say which month is {n} months after {d}.", "What's {d} plus {n} months?",
    "What month is {d} plus {n} months?", "Start at {d} and move {n} months forward.", "Move {n} months forward from {d}.", "Count forward {n} months from {d}.", "Please count {n} months forward from {d}.",
    "From {d}, go {n} months forward. Which month is it?", "Counting forward from {d}, which month is {n} months later?", "Which month is {n} months later than {d}?", "What month is {n} months later than {d}?",
    "Work out the month {n} months after {d}.", "It is {d} now. Which month is it in {n} months?", "Now it is {d}. In {n} months, what month will it be?", "In {n} months, what month will it be if it is {d} now?",
    "This month is {d}. Name the month in {n} months.", "This month is {d}. What month is it {n} months from now?", "I move in {n} months. It is {d} now. In which month do I move?",
    "School begins {n} months after {d}. In which month does it begin?", "The work starts in {d} and ends {n} months later. Which month is that?", "We bought the house {n} months after {d}. In what month?",
    "If I wait {n} months from {d}, which month is it then?", "After {n} months from {d}, what month is it?", "She was born {n} months after {d}. In which month was she born?", "What will the month be {n} months from {d}?",
    "A trip begins in {d}. {n} months later it ends. In which month?", "I'd like to know which month is {n} months later than {d}.", "Please say which month is {n} months later than {d}.",
    "Please tell me which month is {n} months later than {d}.", "Tell me what month is {n} months after {d}, please.", "I forgot what month is {n} months after {d}.", "Please tell me which month comes {n} months after {d}.",
    "I forgot which month comes {n} months after {d}.", "Find out what month is {n} months after {d}.", "Could you tell me which month comes {n} months after {d}?", "Would you tell me which month is {n} months later than {d}?",
    "I wonder what month is {n} months after {d}.", "Can you tell me which month is {n} months later than {d}?", "Can you tell me which month comes {n} months after {d}?",
    "I have to know which month is {n} months later than {d}.", "Please say what month is {n} months after {d}.", "I need to know which month is {n} months later than {d}.",
    "Help me find out which month is {n} months later than {d}.", "Find out which month is {n} months later than {d}.", "I wonder which month is {n} months later than {d}.", "I am not sure what month is {n} months after {d}.",
    "Any idea which month comes {n} months after {d}?", "I wonder which month comes {n} months after {d}.", "I want to know which month comes {n} months after {d}.", "Tell me which month is {n} months later than {d}, please.",
)  # fmt: skip
MONTHS_BEFORE = (
    "What month is {n} months before {d}?", "Which month comes {n} months before {d}?", "{n} months before {d}?", "It is {d}. What month was it {n} months ago?", "If it is {d} now, what month was it {n} months ago?",
    "{d} minus {n} months is which month?", "Count {n} months back from {d}.", "Go back {n} months from {d}.", "Tell me the month {n} months before {d}.", "{d} - {n} months = ?", "Name the month {n} months earlier than {d}.",
    "Month {n} months before {d}?", "month {d} minus {n} months", "{n} months before {d}: which month?", "{n} months before {d} is what month?", "What's the month {n} months before {d}?",
    "Give me the month {n} months before {d}.", "Please name the month {n} months before {d}.", "Name the month that comes {n} months before {d}.", "Find the month that is {n} months before {d}.",
    "Say which month is {n} months before {d}.", "What's {d} minus {n} months?", "What month is {d} minus {n} months?", "Start at {d} and move {n} months back.", "Move {n} months back from {d}.", "Count back {n} months from {d}.",
    "Please count {n} months back from {d}.", "From {d}, go {n} months back. Which month is it?", "Counting back from {d}, which month is {n} months earlier?", "Which month is {n} months earlier than {d}?",
    "What month is {n} months earlier than {d}?", "Work out the month {n} months before {d}.", "It is {d} now. Which month was it {n} months ago?", "Now it is {d}. {n} months ago, what month was it?",
    "What month was it {n} months ago if it is {d} now?", "This month is {d}. Name the month {n} months ago.", "This month is {d}. What month was it {n} months back?",
    "I moved {n} months ago. It is {d} now. In which month did I move?", "School began {n} months before {d}. In which month did it begin?", "The work ended in {d} and started {n} months earlier. Which month is that?",
    "We bought the house {n} months before {d}. In what month?", "Take {n} months from {d}.", "Subtract {n} months from {d}.", "She was born {n} months before {d}. In which month was she born?",
    "What was the month {n} months before {d}?", "A trip ended in {d}. It began {n} months earlier. In which month?", "What month was {n} months before {d}?", "I'd like to know which month is {n} months earlier than {d}.",
    "Please say which month is {n} months earlier than {d}.", "Please tell me which month is {n} months earlier than {d}.", "Tell me what month is {n} months before {d}, please.", "I forgot what month is {n} months before {d}.",
    "Please tell me which month comes {n} months before {d}.", "I forgot which month comes {n} months before {d}.", "Find out what month is {n} months before {d}.", "Could you tell me which month comes {n} months before {d}?",
    "Would you tell me which month is {n} months earlier than {d}?", "I wonder what month is {n} months before {d}.", "Can you tell me which month is {n} months earlier than {d}?",
    "Can you tell me which month comes {n} months before {d}?", "I have to know which month is {n} months earlier than {d}.", "Please say what month is {n} months before {d}.",
    "I need to know which month is {n} months earlier than {d}.", "Help me find out which month is {n} months earlier than {d}.", "Find out which month is {n} months earlier than {d}.",
    "I wonder which month is {n} months earlier than {d}.", "I am not sure what month is {n} months before {d}.", "Any idea which month comes {n} months before {d}?", "I wonder which month comes {n} months before {d}.",
    "I want to know which month comes {n} months before {d}.", "Tell me which month is {n} months earlier than {d}, please.",
)  # fmt: skip
MONTH_LENGTH = (
    "How many days does {d} have?", "How many days are in {d}?", "How many days are there in {d}?", "What is the number of days in {d}?", "{d} has how many days?", "How long is {d} in days?", "Days in {d}?",
    "Tell me how many days {d} has.", "How many days has {d} got?", "Number of days in {d}?", "What is the last day of {d}? Tell me how many days it has.",
    "How many days long is {d}?", "How many days does the month {d} have?", "How many days are in the month of {d}?", "How many days are there in the month {d}?", "The month {d} has how many days?",
    "In {d} there are how many days?", "Days of {d}?", "days in {d}", "number of days {d}", "{d}: how many days?", "{d} days?", "Length of {d} in days?", "What is the length of {d} in days?", "How long is the month {d}?",
    "How long does {d} last in days?", "How many days does {d} last?", "Give the number of days in {d}.", "Give me the number of days of {d}.", "Count the days in {d}.", "Count the days of the month {d}.",
    "Say how many days {d} has.", "Please tell me the number of days in {d}.", "Tell me the length of {d} in days.", "What number of days does {d} have?", "I stay for all of {d}. How many days is that?",
    "I work every day in {d}. How many days do I work?", "If I stay the whole month of {d}, how many days is it?", "The whole month of {d} is how many days?", "How many days pass in {d}?",
    "How many days must I wait if I wait all of {d}?", "I have to know how many days there are in {d}.", "Tell me how long {d} is in days, please.", "I'd like to know how long {d} is in days.",
    "Can you tell me how long {d} is in days?", "I am not sure how long {d} is in days.", "Say how many days are in {d}.", "Any idea how many days are in {d}?", "I want to know how long {d} is in days.",
    "Tell me the number of days in {d}, please.", "I want to know how many days {d} has.", "I need to know how many days are in {d}.", "I want to know how many days there are in {d}.", "I have to know the number of days in {d}.",
    "Do you know how many days {d} has?", "I wonder about the number of days in {d}.", "Any idea about the number of days in {d}?", "I have to know how long {d} is in days.", "Any idea how long {d} is in days?",
    "Can you tell me how many days {d} has?", "I am not sure how many days {d} has.", "Could you tell me how many days {d} has?", "I wonder how many days there are in {d}.", "Would you tell me the number of days in {d}?",
    "Would you tell me how many days {d} has?",
)  # fmt: skip
MONTH_NUMBER = (
    "Which number is the month {d}?", "What is the number of the month {d}?", "{d} is which month of the year, as a number?", "Give the month number of {d}.", "As a number, which month is {d}?",
    "If January is 1, what number is {d}?", "What number does {d} have in the year?", "Write {d} as a month number.",
    "What number is {d}?", "What number is the month {d}?", "Which number is {d} in the year?", "Number of {d}?", "Month number of {d}?", "month number {d}", "{d} as a number?", "{d} is month number what?",
    "{d}: which month number?", "{d} is what number in the year?", "Give {d} as a number.", "Give me the number of the month {d}.", "Tell me the number of the month {d}.", "Tell me the month number of {d}, please.",
    "Please write {d} as a number.", "Write the month {d} as a number.", "Say the number of the month {d}.", "What's the month number of {d}?", "What is the month number for {d}?", "If I write {d} as a number, what is it?",
    "If January is month 1, which number is {d}?", "January is 1. What is {d}?", "January is month 1. Which month is {d}?", "Which month number does {d} have?", "Which number does the month {d} have?",
    "In the year, {d} is month number what?", "Counting from January, which number is {d}?", "Count the months from January. What number is {d}?", "Find the number of the month {d}.",
    "The form wants a number for the month {d}. Which one?", "Find out which month number {d} is.", "Tell me which month number {d} is, please.", "Please say which month number {d} is.", "I forgot what number {d} is in the year.",
    "Can you tell me which number the month {d} has?", "I want to know which number the month {d} has.", "I'd like to know the month number of {d}.", "I have to know which number the month {d} has.",
    "Do you know the month number of {d}?", "Say what number {d} is in the year.", "I have to know the month number of {d}.", "Please tell me which number the month {d} has.", "Could you tell me which month number {d} is?",
    "I want to know which month number {d} is.", "I have to know what number {d} is in the year.", "I want to know the month number of {d}.", "Could you tell me the month number of {d}?",
    "Can you tell me what number {d} is in the year?",
)  # fmt: skip
MONTH_OF_NUMBER = (
    "What is month number {n}?", "Which month has the number {n}?", "Name month {n} of the year.", "Which month is number {n}?", "If January is 1, which month is {n}?", "Which month is month {n}?",
    "Tell me the name of month {n}.", "What is month {n} called?", "Month {n} is which month?",
    "Which month has number {n}?", "What month is number {n}?", "What month is it when the number is {n}?", "Name of month {n}?", "month {n}", "month number {n}", "Month {n}?", "Month number {n} is called what?",
    "Number {n} is which month?", "{n} is which month?", "{n} as a month?", "Give the month with the number {n}.", "Give me the name of month {n}.", "Name the month with number {n}.", "Name month number {n}.",
    "Please name month {n}.", "Tell me which month is number {n}.", "Tell me the month with the number {n}, please.", "Please write the name of month {n}.", "Write month {n} as a word.", "Say the name of month number {n}.",
    "What's the name of month {n}?", "What is the name of month number {n}?", "If January is month 1, what is month {n}?", "January is 1. Which month is {n}?", "January is month 1. What month is {n}?",
    "In the year, which month is number {n}?", "Counting from January, which month is number {n}?", "Count the months from January. Which is number {n}?", "Find the month with number {n}.",
    "The form says month {n}. Which month is that?", "My card says month {n}. What month is it?", "Find out which month is number {n}.", "Tell me which month is number {n}, please.", "Please say which month is number {n}.",
    "I forgot what month number {n} is.", "Can you tell me which month has the number {n}?", "I want to know which month has the number {n}.", "I'd like to know the name of month {n}.",
    "I have to know which month has the number {n}.", "Do you know the name of month {n}?", "Say what month number {n} is.", "I have to know the name of month {n}.", "Please tell me which month has the number {n}.",
    "Could you tell me which month is number {n}?", "I want to know which month is number {n}.", "I have to know what month number {n} is.", "I want to know the name of month {n}.", "Could you tell me the name of month {n}?",
    "Can you tell me what month number {n} is?",
)  # fmt: skip
SPAN = (
    "How many days are there from {d} to {e}?", "How many days from {d} to {e}?", "How many days lie between {d} and {e}?", "How many days is it from {d} until {e}?", "How many days after {d} is {e}?",
    "How many days before {e} is {d}?", "Count the days from {d} to {e}.", "Today is {d}. How many days until {e}?", "It is {d}. How many days is it until {e}?", "From {d} to {e}, how many days is that?",
    "How long is it from {d} to {e}, in days?", "What is the number of days from {d} to {e}?", "A trip goes from {d} to {e}. How many days later is the end?", "Days between {d} and {e}?", "days from {d} to {e}",
    "If today is {d}, how many days must I wait for {e}?", "My birthday is on {e}. Today is {d}. How many days are left?", "The party is on {e} and today is {d}. How many days until then?",
    "Tell me how many days pass from {d} to {e}.", "Compute the days from {d} to {e}.", "How far is {e} from {d} in days?", "I left on {d} and came back on {e}. How many days was I away?", "How many days pass between {d} and {e}?",
    "What is the difference in days between {d} and {e}?",
    "How many days are between {d} and {e}?", "How many days is it from {d} to {e}?", "How many days are there between {d} and {e}?", "How many days is {e} after {d}?", "How many days later than {d} is {e}?",
    "How many days earlier than {e} is {d}?", "By how many days is {e} later than {d}?", "Between {d} and {e}, how many days are there?", "Between {d} and {e} lie how many days?", "From {d} until {e} is how many days?",
    "{d} to {e}: how many days?", "{d} to {e} in days?", "days between {d} and {e}", "days until {e} from {d}", "Days from {d} until {e}?", "Number of days from {d} to {e}?", "number of days between {d} and {e}",
    "Difference in days: {d} and {e}", "Find the number of days from {d} to {e}.", "Find the difference between {d} and {e} in days.", "Count how many days there are from {d} to {e}.", "Please count the days between {d} and {e}.",
    "Give me the number of days from {d} to {e}.", "Give the days between {d} and {e}.", "Work out how many days it is from {d} to {e}.", "Now it is {d}. How many days are left until {e}?",
    "Today is {d}. In how many days is {e}?", "In how many days is {e}, if today is {d}?", "Today is {d}. How long must I wait for {e}, in days?", "Today is {d}. How far away is {e} in days?",
    "It is {d} today. How many days are there until {e}?", "How many days do we have until {e}, if it is {d} now?", "How many days remain until {e} when today is {d}?", "How long until {e} in days? Today is {d}.",
    "How long do I have to wait from {d} until {e}, in days?", "School starts on {e}. Today is {d}. How many days are left?", "My test is on {e} and it is {d} now. How many days do I have?",
    "The holiday begins on {e}. It is {d} today. How many days until then?", "The show is on {e}. Today is {d}. In how many days is the show?", "We leave on {d} and come back on {e}. How many days are we away?",
    "She left on {d} and came home on {e}. How many days was she away?", "I was sick from {d} until {e}. How many days is that?", "I started on {d} and ended on {e}. How many days did it take?",
    "The work started on {d} and ended on {e}. How many days later did it end?", "A letter was sent on {d} and came on {e}. How many days did it take?", "I ordered a book on {d} and it came on {e}. How many days did I wait?",
    "He waited from {d} until {e}. How many days did he wait?", "A course goes from {d} to {e}. How many days later does it end?", "When I wait from {d} to {e}, how many days pass?",
    "If I start on {d}, how many days later is {e}?", "Starting on {d}, how many days is it to {e}?", "Counting from {d}, how many days later is {e}?", "What's the number of days between {d} and {e}?",
    "What's the difference between {d} and {e} in days?", "How many days pass until {e} if it is {d}?", "How many days go by from {d} to {e}?", "How many days go by between {d} and {e}?",
    "I forgot how many days are left until {e} if today is {d}.", "Please tell me how many days there are between {d} and {e}.", "Can you tell me how many days are left until {e} if today is {d}?",
    "I have to know how many days are between {d} and {e}.", "Can you tell me the number of days from {d} to {e}?", "Help me find out how many days after {d} comes {e}.", "Please tell me how many days after {d} comes {e}.",
    "Please say how many days are between {d} and {e}.", "I'd like to know the number of days from {d} to {e}.", "I forgot how many days it is from {d} to {e}.",
    "Could you tell me how many days are left until {e} if today is {d}?", "I am not sure how many days are left until {e} if today is {d}.", "I forgot how many days after {d} comes {e}.",
    "Help me find out how many days it is from {d} to {e}.", "Say how many days after {d} comes {e}.", "I am not sure how many days there are between {d} and {e}.", "Tell me the number of days from {d} to {e}, please.",
    "I need to know the number of days from {d} to {e}.", "I have to know the number of days from {d} to {e}.", "Do you know the number of days from {d} to {e}?", "Do you know how many days after {d} comes {e}?",
    "I am not sure how many days are between {d} and {e}.", "I wonder how many days are between {d} and {e}.", "I need to know how many days there are between {d} and {e}.", "I want to know how many days it is from {d} to {e}.",
    "Please tell me the number of days from {d} to {e}.", "I have to know how many days there are between {d} and {e}.", "I am not sure how many days after {d} comes {e}.",
    "I'd like to know how many days there are between {d} and {e}.", "Find out how many days it is from {d} to {e}.",
)  # fmt: skip
DATE_AFTER = (
    "What date is {n} days after {d}?", "What is the date {n} days after {d}?", "Which date comes {n} days after {d}?", "Today is {d}. What is the date in {n} days?", "Today is {d}. What date is it {n} days from now?",
    "{n} days after {d}?", "Add {n} days to {d}.", "{d} plus {n} days?", "It is {d}. What will the date be in {n} days?", "If today is {d}, what date is it in {n} days?", "A trip starts on {d} and ends {n} days later. On what date?",
    "Starting on {d}, which date is {n} days later?", "My test is {n} days after {d}. Give the date.", "Count {n} days on from {d}.", "Tell me the date {n} days after {d}.", "I pay {n} days after {d}. When is that?",
    "The show is on {d}. It was moved by {n} days to later. What is the new date?", "Which day of the year is {n} days past {d}?", "What is {d} + {n} days?", "Go forward {n} days from {d}. What is the date?",
    "Date {n} days after {d}?", "date {d} plus {n} days", "{n} days after {d}: which date?", "{n} days after {d} is what date?", "{n} days later than {d} is which date?", "The date {n} days after {d}?",
    "What's the date {n} days after {d}?", "What's {d} plus {n} days?", "{d} plus {n} days is which date?", "Which date is {n} days after {d}?", "Which date is {n} days later than {d}?", "What date comes {n} days after {d}?",
    "What is the date {n} days later than {d}?", "Give me the date {n} days after {d}.", "Give the date that is {n} days after {d}.", "Please give the date {n} days after {d}.", "Name the date {n} days after {d}.",
    "Find the date {n} days after {d}.", "Find the date that comes {n} days after {d}.", "Work out the date {n} days after {d}.", "Say the date {n} days after {d}.", "Write the date {n} days after {d}.",
    "Start on {d} and go {n} days forward.", "Move {n} days forward from {d}.", "Count forward {n} days from {d}.", "Please count {n} days forward from {d}. What is the date?", "From {d}, go {n} days forward. Which date is it?",
    "Counting forward from {d}, what date is {n} days later?", "What do I get if I go {n} days forward from {d}?", "Today is {d}. Which date is it in {n} days?", "Now it is {d}. In {n} days, what date will it be?",
    "In {n} days, what will the date be if today is {d}?", "Today is {d}. Name the date in {n} days.", "Today is {d}. My holiday starts in {n} days. On what date?",
    "Today is {d}. The test is in {n} days. What is the date of the test?", "If I wait {n} days from {d}, what is the date then?", "After {n} days from {d}, what date is it?",
    "A letter was sent on {d} and takes {n} days. On which date does it come?", "I ordered a book on {d}. It comes {n} days later. What is the date?",
    "She leaves on {d} and comes back {n} days later. On which date does she come back?", "The shop opens {n} days after {d}. What date is that?", "We meet {n} days after {d}. On what date do we meet?",
    "School begins {n} days after {d}. Which date is that?", "My birthday is {n} days after {d}. When is it?", "The work starts on {d} and takes {n} days more. When is it over? Give the date.",
    "I have to pay {n} days after {d}. What date is that?", "Suppose it is {d}. What will the date be after {n} days?", "What date will it be {n} days from {d}?",
    "The party was moved {n} days later than {d}. What is the new date?", "I have to know the date {n} days after {d}.", "Tell me which date is {n} days later than {d}, please.",
    "I'd like to know which date is {n} days later than {d}.", "Can you tell me which date is {n} days later than {d}?", "I am not sure which date is {n} days later than {d}.", "Say what date comes {n} days after {d}.",
    "Any idea what date comes {n} days after {d}?", "I want to know which date is {n} days later than {d}.", "Tell me what the date is {n} days after {d}, please.", "I want to know which date is {n} days after {d}.",
    "I need to know what date comes {n} days after {d}.", "I want to know the date {n} days after {d}.", "I have to know what the date is {n} days after {d}.", "Do you know which date is {n} days after {d}?",
    "I wonder what the date is {n} days after {d}.", "Any idea what the date is {n} days after {d}?", "I have to know which date is {n} days later than {d}.", "Any idea which date is {n} days later than {d}?",
    "Can you tell me which date is {n} days after {d}?", "I am not sure which date is {n} days after {d}.", "Could you tell me which date is {n} days after {d}?", "I wonder about the date {n} days after {d}.",
    "Would you tell me what the date is {n} days after {d}?", "Would you tell me which date is {n} days after {d}?", "I forgot which date is {n} days after {d}.", "Please tell me what date comes {n} days after {d}.",
    "Help me find out what date comes {n} days after {d}.",
)  # fmt: skip
DATE_BEFORE = (
    "What date is {n} days before {d}?", "What is the date {n} days before {d}?", "Which date comes {n} days before {d}?", "Today is {d}. What was the date {n} days ago?", "{n} days before {d}?", "Take {n} days from {d}.", "{d} minus {n} days?",
    "It is {d}. What date was it {n} days ago?", "If today is {d}, what date was it {n} days ago?", "Count {n} days back from {d}.", "Tell me the date {n} days before {d}.", "I must call {n} days before {d}. When is that?", "What is {d} - {n} days?",
    "Go back {n} days from {d}. What is the date?",
    "Date {n} days before {d}?", "date {d} minus {n} days", "{n} days before {d}: which date?", "{n} days before {d} is what date?", "{n} days earlier than {d} is which date?", "The date {n} days before {d}?",
    "What's the date {n} days before {d}?", "What's {d} minus {n} days?", "{d} minus {n} days is which date?", "Which date is {n} days before {d}?", "Which date is {n} days earlier than {d}?",
    "What date comes {n} days before {d}?", "What is the date {n} days earlier than {d}?", "Give me the date {n} days before {d}.", "Give the date that is {n} days before {d}.", "Please give the date {n} days before {d}.",
    "Name the date {n} days before {d}.", "Find the date {n} days before {d}.", "Find the date that comes {n} days before {d}.", "Work out the date {n} days before {d}.", "Say the date {n} days before {d}.",
    "Write the date {n} days before {d}.", "Start on {d} and go {n} days back.", "Move {n} days back from {d}.", "Count back {n} days from {d}.", "Please count {n} days back from {d}. What is the date?",
    "From {d}, go {n} days back. Which date is it?", "Counting back from {d}, what date is {n} days earlier?", "What do I get if I go {n} days back from {d}?", "Today is {d}. Which date was it {n} days ago?",
    "Now it is {d}. {n} days ago, what was the date?", "What was the date {n} days ago if today is {d}?", "Today is {d}. Name the date {n} days ago.", "Today is {d}. My holiday started {n} days ago. On what date?",
    "Today is {d}. The test was {n} days ago. What was the date of the test?", "Today is {d}. I saw him {n} days ago. What was the date?", "A letter came on {d}. It was sent {n} days earlier. On which date was it sent?",
    "The book came on {d}. I ordered it {n} days earlier. What was the date?", "She came back on {d}. She left {n} days earlier. On which date did she leave?", "The shop closed {n} days before {d}. What date was that?",
    "We met {n} days before {d}. On what date did we meet?", "School ended {n} days before {d}. Which date was that?", "My birthday is {n} days before {d}. When is it?",
    "A trip ended on {d} after {n} days. On what date did it start?", "I have to pay {n} days before {d}. What date is that?", "The work must be done {n} days before {d}. Which date is that?",
    "Suppose it is {d}. What was the date {n} days ago?", "What date was it {n} days before {d}?", "What date was {n} days before {d}?", "The party was moved from {d} to {n} days earlier. What is the new date?",
    "Take away {n} days from {d}. What is the date?", "Subtract {n} days from {d}.", "If it is {d} now, which date was it {n} days back?", "I have to know the date {n} days before {d}.",
    "Tell me which date is {n} days earlier than {d}, please.", "I'd like to know which date is {n} days earlier than {d}.", "Can you tell me which date is {n} days earlier than {d}?",
    "I am not sure which date is {n} days earlier than {d}.", "Say what date comes {n} days before {d}.", "Any idea what date comes {n} days before {d}?", "I want to know which date is {n} days earlier than {d}.",
    "Tell me what the date is {n} days before {d}, please.", "I want to know which date is {n} days before {d}.", "I need to know what date comes {n} days before {d}.", "I want to know the date {n} days before {d}.",
    "I have to know what the date is {n} days before {d}.", "Do you know which date is {n} days before {d}?", "I wonder what the date is {n} days before {d}.", "Any idea what the date is {n} days before {d}?",
    "I have to know which date is {n} days earlier than {d}.", "Any idea which date is {n} days earlier than {d}?", "Can you tell me which date is {n} days before {d}?", "I am not sure which date is {n} days before {d}.",
    "Could you tell me which date is {n} days before {d}?", "I wonder about the date {n} days before {d}.", "Would you tell me what the date is {n} days before {d}?", "Would you tell me which date is {n} days before {d}?",
    "I forgot which date is {n} days before {d}.", "Please tell me what date comes {n} days before {d}.", "Help me find out what date comes {n} days before {d}.",
)  # fmt: skip


def _count_on(names: tuple[str, ...], start: int, n: int, step: int) -> list[str]:
    """`Tuesday 3`, `Wednesday 2`, ... until none remain; whole rounds are taken off first."""
    size = len(names)
    lines: list[str] = []
    while n >= size:
        lines.append(f"{n}-{size}={n - size}")
        n -= size
    return lines + [f"{names[(start + step * k) % size]} {n - k}" for k in range(n + 1)]


def _written_count(rng: random.Random, n: int) -> str:
    return NUMBER_WORDS[n] if n <= 12 and rng.random() < 0.15 else str(n)


def _weekday(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    start = rng.randrange(7)
    n = rng.choice((rng.randint(2, 7), rng.randint(2, 14), rng.randint(8, 30)))
    step, templates = rng.choice(((1, DAYS_AFTER), (1, DAYS_AFTER), (-1, DAYS_BEFORE)))
    question = wording.pick(templates).format(n=_written_count(rng, n), d=DAYS[start])
    return question, _count_on(DAYS, start, n, step), DAYS[(start + step * n) % 7], f"day {start} {step * n}"


def _neighbour(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    if rng.random() < 0.6:
        start = rng.randrange(7)
        step, templates = rng.choice(((1, NEXT_DAY), (-1, PREVIOUS_DAY), (2, TWO_DAYS)))
        sign = 1 if step > 0 else -1
        question = wording.pick(templates).format(d=DAYS[start])
        return (
            question,
            _count_on(DAYS, start, abs(step), sign),
            DAYS[(start + step) % 7],
            f"near {start} {step} {question}",
        )
    start = rng.randrange(12)
    step, templates = rng.choice(((1, NEXT_MONTH), (-1, PREVIOUS_MONTH)))
    question = wording.pick(templates).format(d=MONTHS[start])
    return (
        question,
        _count_on(MONTHS, start, 1, step),
        MONTHS[(start + step) % 12],
        f"near month {start} {step} {question}",
    )


def _months(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    start = rng.randrange(12)
    n = rng.randint(2, 15)
    step, templates = rng.choice(((1, MONTHS_AFTER), (-1, MONTHS_BEFORE)))
    question = wording.pick(templates).format(n=_written_count(rng, n), d=MONTHS[start])
    return question, _count_on(MONTHS, start, n, step), MONTHS[(start + step * n) % 12], f"month {start} {step * n}"


def _month_fact(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    month = rng.randrange(12)
    match rng.randrange(4):
        case 0:
            question = wording.pick(MONTH_NUMBER).format(d=MONTHS[month])
            return question, [f"{MONTHS[month]} is month {month + 1}"], str(month + 1), f"number {month} {question}"
        case 1:
            question = wording.pick(MONTH_OF_NUMBER).format(n=month + 1)
            return question, [f"{MONTHS[month]} is month {month + 1}"], MONTHS[month], f"name {month} {question}"
        case _:
            question = wording.pick(MONTH_LENGTH).format(d=MONTHS[month])
            days = MONTH_LENGTHS[month]
            return question, [f"{MONTHS[month]} has {days}"], f"{days} days", f"length {month} {question}"


def _date_text(rng: random.Random, day: int, month: int) -> str:
    name = MONTHS[month]
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return rng.choice(
        (
            f"{day} {name}",
            f"{day} {name}",
            f"{name} {day}",
            f"{name} {day}",
            f"{name} {day}{ending}",
            f"the {day}{ending} of {name}",
        )
    )


def _days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"


def _span(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    """Days from one date to a later one in the same month or the next."""
    month = rng.randrange(12)
    length = MONTH_LENGTHS[month]
    if rng.random() < 0.6:
        day = rng.randint(1, length - 1)
        other, other_month = rng.randint(day + 1, length), month
        lines = workings.subtract(other, day)
        total = other - day
    else:
        day, other, other_month = rng.randint(8, length), rng.randint(1, 25), (month + 1) % 12
        rest = length - day
        total = rest + other
        lines = [f"{MONTHS[month]} has {length}", *workings.subtract(length, day), *workings.add(rest, other)]
    first, second = _date_text(rng, day, month), _date_text(rng, other, other_month)
    question = wording.pick(SPAN).format(d=first, e=second)
    return question, lines, _days(total), f"span {day}.{month} {other}.{other_month}"


def _date(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    """The date some days after or before another."""
    month, n = rng.randrange(12), rng.randint(2, 28)
    length = MONTH_LENGTHS[month]
    day = rng.randint(1, length)
    if rng.random() < 0.65:
        question = wording.pick(DATE_AFTER).format(n=n, d=_date_text(rng, day, month))
        total = day + n
        lines = workings.add(day, n)
        sign = ">" if total > length else "=" if total == length else "<"
        lines.append(f"{MONTHS[month]} has {length}")
        lines.append(f"{total}{sign}{length}")
        if total > length:
            lines += [*workings.subtract(total, length), workings.Aside(f"next {MONTHS[(month + 1) % 12]}")]
            return question, lines, f"{total - length} {MONTHS[(month + 1) % 12]}", f"date {day}.{month} {n}"
        return question, lines, f"{total} {MONTHS[month]}", f"date {day}.{month} {n}"
    question = wording.pick(DATE_BEFORE).format(n=n, d=_date_text(rng, day, month))
    sign = ">" if day > n else "=" if day == n else "<"
    lines = [f"{day}{sign}{n}"]
    if day > n:
        lines += workings.subtract(day, n)
        return question, lines, f"{day - n} {MONTHS[month]}", f"date {day}.{month} -{n}"
    before = (month - 1) % 12
    length = MONTH_LENGTHS[before]
    lines += [f"{MONTHS[before]} has {length}", *workings.add(length, day), *workings.subtract(length + day, n)]
    return question, lines, f"{length + day - n} {MONTHS[before]}", f"date {day}.{month} -{n}"


def dates(rng: random.Random, wording: Wording) -> Example:
    """Weekdays, months and dates, counted on or back."""
    make = rng.choices((_weekday, _neighbour, _months, _month_fact, _span, _date), (30, 14, 12, 6, 20, 22))[0]
    question, lines, answer, key = make(rng, wording)
    return worked(dress(wording, question), lines, answer, key)


@dataclass(frozen=True, slots=True)
class Unit:
    """Two units, the first `factor` times the second; each by its singular, plural and short form (or none)."""

    big: tuple[str, str, str]
    small: tuple[str, str, str]
    factor: int
    most: int
    """The largest count of the big unit that is asked for."""


UNITS = (
    Unit(("hour", "hours", "h"), ("minute", "minutes", "min"), 60, 30),
    Unit(("minute", "minutes", "min"), ("second", "seconds", "s"), 60, 30),
    Unit(("day", "days", ""), ("hour", "hours", ""), 24, 20),
    Unit(("week", "weeks", ""), ("day", "days", ""), 7, 60),
    Unit(("year", "years", ""), ("month", "months", ""), 12, 40),
    Unit(("year", "years", ""), ("week", "weeks", ""), 52, 9),
    Unit(("meter", "meters", "m"), ("centimeter", "centimeters", "cm"), 100, 99),
    Unit(("metre", "metres", "m"), ("centimetre", "centimetres", "cm"), 100, 99),
    Unit(("kilometer", "kilometers", "km"), ("meter", "meters", "m"), 1000, 99),
    Unit(("centimeter", "centimeters", "cm"), ("millimeter", "millimeters", "mm"), 10, 300),
    Unit(("meter", "meters", "m"), ("millimeter", "millimeters", "mm"), 1000, 50),
    Unit(("kilogram", "kilograms", "kg"), ("gram", "grams", "g"), 1000, 99),
    Unit(("ton", "tons", "t"), ("kilogram", "kilograms", "kg"), 1000, 60),
    Unit(("liter", "liters", "l"), ("milliliter", "milliliters", "ml"), 1000, 50),
    Unit(("dollar", "dollars", ""), ("cent", "cents", ""), 100, 200),
    Unit(("euro", "euros", ""), ("cent", "cents", ""), 100, 200),
    Unit(("dozen", "dozen", ""), ("egg", "eggs", ""), 12, 40),
    Unit(("foot", "feet", ""), ("inch", "inches", ""), 12, 40),
    Unit(("decade", "decades", ""), ("year", "years", ""), 10, 60),
    Unit(("century", "centuries", ""), ("year", "years", ""), 100, 40),
)

CONVERT = (
    "How many {b} are in {a}?", "How many {b} are there in {a}?", "How many {b} is {a}?", "Convert {a} to {b}.", "Convert {a} into {b}.", "What is {a} in {b}?", "{a} in {b}?", "{a} in {b}", "{a} = ? {b}", "{a} to {b}",
    "Change {a} to {b}.", "Express {a} in {b}.", "Write {a} in {b}.", "How many {b} make {a}?", "How many {b} do {a} have?", "{a} is how many {b}?", "How much is {a} in {b}?", "Please convert {a} to {b}.",
    "Can you convert {a} to {b}?", "Can you tell me how many {b} {a} are?", "Tell me how many {b} are in {a}.", "Give {a} in {b}.", "Turn {a} into {b}.", "I have {a}. How many {b} is that?", "How many {b} does {a} equal?",
    "{a} equals how many {b}?", "What do you get when you convert {a} to {b}?", "If I have {a}, how many {b} do I have?", "Could you change {a} into {b} for me?", "I need {a} in {b}.", "Compute {a} in {b}.", "Calculate how many {b} are in {a}.",
    "convert {a} -> {b}", "How many {b} go into {a}?", "{a}: how many {b}?", "Find the number of {b} in {a}.", "Do you know how many {b} {a} is?", "What does {a} come to in {b}?", "{a} as {b}?", "In {b}, what is {a}?",
    "How many {b} is that: {a}?", "How many {b} will {a} be?", "How many {b} are equal to {a}?", "How many {b} are the same as {a}?", "How many {b} would {a} be?", "How many {b} can I get from {a}?",
    "How many {b} do I have in {a}?", "How many {b} do I get for {a}?", "{a} are how many {b}?", "{a} makes how many {b}?", "{a} make how many {b}?", "{a} is the same as how many {b}?", "{a} into {b}", "{a} into {b}?",
    "{a} = how many {b}?", "{a}, in {b} please", "{b} in {a}?", "number of {b} in {a}", "convert {a} to {b}", "{a}: {b}?", "Please change {a} to {b}.", "Please give {a} in {b}.", "Please write {a} in {b}.",
    "Please express {a} in {b}.", "Please turn {a} into {b}.", "Please tell me how many {b} {a} are.", "Could you convert {a} into {b}?", "Could you give me {a} in {b}?", "Can you write {a} in {b}?",
    "Can you change {a} to {b} for me?", "Can you express {a} in {b}?", "Would you convert {a} to {b} for me?", "Tell me {a} in {b}.", "Tell me what {a} is in {b}.", "Say {a} in {b}.", "Show {a} in {b}.", "Show me {a} in {b}.",
    "Give me {a} in {b}.", "Give the number of {b} in {a}.", "Find {a} in {b}.", "Find out how many {b} are in {a}.", "Calculate {a} in {b}.", "Work out {a} in {b}.", "Work out how many {b} make {a}.", "Count the {b} in {a}.",
    "Make {b} out of {a}.", "I want {a} in {b}.", "I want to convert {a} to {b}.", "I need to change {a} into {b}.", "I would like {a} in {b}.", "What number of {b} is {a}?", "What number of {b} equals {a}?",
    "What are {a} in {b}?", "What's {a} in {b}?", "What would {a} be in {b}?", "What is {a} when you write it in {b}?", "What is the number of {b} in {a}?", "What is {a} converted to {b}?",
    "If you convert {a} to {b}, what do you get?", "If I change {a} into {b}, how many do I get?", "If it is {a}, how many {b} is it?", "When I have {a}, how many {b} is that?", "In {b}, how much is {a}?", "In {b}, please: {a}",
    "Written in {b}, what is {a}?", "We have {a}. How many {b} do we have?", "The form wants {b}. I have {a}. How many is that?", "Here is {a}. Give it in {b}.", "It says {a}. How many {b} is this?", "My homework: {a} in {b}.",
    "I have to know how much {a} is in {b}.", "Tell me how many {b} make {a}, please.", "I'd like to know how many {b} make {a}.", "Can you tell me how many {b} make {a}?", "I am not sure how many {b} make {a}.",
    "Say how many {b} {a} is.", "Any idea how many {b} {a} is?", "I want to know how many {b} make {a}.", "Tell me what {a} is in {b}, please.", "I want to know how many {b} are in {a}.", "I need to know how many {b} {a} is.",
    "I want to know how much {a} is in {b}.", "I have to know what {a} is in {b}.", "Do you know how many {b} are in {a}?", "I wonder what {a} is in {b}.", "Any idea what {a} is in {b}?", "I have to know how many {b} make {a}.",
    "Any idea how many {b} make {a}?", "Can you tell me how many {b} are in {a}?", "I am not sure how many {b} are in {a}.", "Could you tell me how many {b} are in {a}?", "I wonder how much {a} is in {b}.",
    "Would you tell me what {a} is in {b}?", "Would you tell me how many {b} are in {a}?", "I forgot how many {b} are in {a}.", "Say how much {a} is in {b}.", "Please tell me how many {b} {a} is.",
    "Help me find out how many {b} {a} is.",
)  # fmt: skip
SPLIT_UP = (
    "How many {g} and {b} are {a}?", "Convert {a} to {g} and {b}.", "Write {a} in {g} and {b}.", "Express {a} in {g} and {b}.", "{a} in {g} and {b}?", "What is {a} in {g} and {b}?", "Change {a} to {g} and {b}.",
    "{a} is how many {g} and {b}?", "Split {a} into {g} and {b}.", "Turn {a} into {g} and {b}.", "Give {a} as {g} and {b}.", "Can you convert {a} to {g} and {b}?", "Tell me {a} in {g} and {b}.", "Please write {a} as {g} and {b}.",
    "How many {g} and {b} is {a}?", "I waited {a}. How much is that in {g} and {b}?",
    "How many {g} and how many {b} are {a}?", "How many {g} and {b} make {a}?", "How many {g} and {b} are in {a}?", "How many {g} and {b} are there in {a}?", "How many {g} and {b} does that make: {a}?",
    "How many {g} and {b} do I get from {a}?", "{a} in {g} and {b}", "{a} as {g} and {b}?", "{a} to {g} and {b}", "{a} into {g} and {b}?", "{a} = ? {g} and {b}", "{a}: how many {g} and {b}?", "{a} are how many {g} and {b}?",
    "{a} makes how many {g} and {b}?", "Convert {a} into {g} and {b}.", "convert {a} -> {g} and {b}", "Please convert {a} to {g} and {b}.", "Please change {a} into {g} and {b}.", "Please give {a} in {g} and {b}.",
    "Please split {a} into {g} and {b}.", "Change {a} into {g} and {b}.", "Give me {a} in {g} and {b}.", "Give {a} in {g} and {b}.", "Show {a} in {g} and {b}.", "Say {a} in {g} and {b}.", "Write {a} as {g} and {b}.",
    "Express {a} as {g} and {b}.", "Make {g} and {b} out of {a}.", "Break {a} into {g} and {b}.", "Break up {a} into {g} and {b}.", "Split up {a} into {g} and {b}.", "Turn {a} to {g} and {b}.", "Work out {a} in {g} and {b}.",
    "Calculate {a} in {g} and {b}.", "Tell me how many {g} and {b} are in {a}.", "Tell me what {a} is in {g} and {b}.", "Could you convert {a} into {g} and {b}?", "Could you split {a} into {g} and {b}?",
    "Can you write {a} in {g} and {b}?", "Can you give me {a} in {g} and {b}?", "Would you change {a} to {g} and {b}?", "I have {a}. How many {g} and {b} is that?", "I need {a} in {g} and {b}.", "I want {a} in {g} and {b}.",
    "I would like {a} in {g} and {b}.", "What's {a} in {g} and {b}?", "What are {a} in {g} and {b}?", "What would {a} be in {g} and {b}?", "What does {a} come to in {g} and {b}?",
    "What do you get when you convert {a} to {g} and {b}?", "In {g} and {b}, what is {a}?", "In {g} and {b}, how much is {a}?", "If I have {a}, how many {g} and {b} do I have?", "We need {a}. How many {g} and {b} is it?",
    "It says {a}. Give it in {g} and {b}.", "Written in {g} and {b}, what is {a}?", "My homework: {a} in {g} and {b}.", "Find out how much {a} is in {g} and {b}.", "Tell me how much {a} is in {g} and {b}, please.",
    "Please say how much {a} is in {g} and {b}.", "I forgot how many {g} and {b} {a} is.", "Can you tell me how many {g} and {b} are in {a}?", "I want to know how many {g} and {b} are in {a}.",
    "I'd like to know what {a} is in {g} and {b}.", "I have to know how many {g} and {b} are in {a}.", "Do you know what {a} is in {g} and {b}?", "Say how many {g} and {b} {a} is.", "I have to know what {a} is in {g} and {b}.",
    "Please tell me how many {g} and {b} are in {a}.", "Could you tell me how much {a} is in {g} and {b}?", "I want to know how much {a} is in {g} and {b}.", "I have to know how many {g} and {b} {a} is.",
    "I want to know what {a} is in {g} and {b}.", "Could you tell me what {a} is in {g} and {b}?", "Can you tell me how many {g} and {b} {a} is?",
)  # fmt: skip
STORY_TIME = (
    "A film lasts {a}. How many {b} is that?", "A trip takes {a}. How long is it in {b}?", "I slept {a}. How many {b} did I sleep?", "The lesson takes {a}. How many {b} is it?", "{n} worked for {a}. How many {b} is that?",
    "A game goes on for {a}. Give it in {b}.", "We waited {a}. How many {b} did we wait?", "The train needs {a}. How much is it in {b}?",
    "The bread needs {a}. How many {b} is it?", "{n} worked {a}. Convert it to {b}.", "The film takes {a}. In {b}, how long is that?", "The way takes {a}. In {b}, how long is that?", "{n} read for {a}. I want it in {b}.",
    "The way takes {a}. Write it in {b}.", "{n} slept {a}. Give it in {b}.", "I walked for {a}. In {b}, how long is that?", "The game lasts {a}. Write it in {b}.", "A trip takes {a}. Write it in {b}.",
    "A film lasts {a}. Write it in {b}.", "I waited for {a}. Convert it to {b}.", "It took {a}. Write it in {b}.", "The train takes {a}. Write it in {b}.", "I waited for {a}. How many {b} is that?",
    "The train takes {a}. How many {b} is it?", "{n} slept {a}. I want it in {b}.", "The lesson lasts {a}. How much is that in {b}?", "I slept for {a}. Give it in {b}.", "The trip lasts {a}. Write it in {b}.",
    "A game takes {a}. Give it in {b}.", "The lesson lasts {a}. Write it in {b}.", "{n} slept {a}. How long is that in {b}?", "{n} slept {a}. Please say it in {b}.", "The way takes {a}. Convert it to {b}.",
    "I walked for {a}. Convert it to {b}.", "{n} slept for {a}. What is that in {b}?", "The way takes {a}. Tell me the {b}.", "It takes {a}. Give it in {b}.", "I walked for {a}. Give it in {b}.", "It took {a}. Convert it to {b}.",
    "The game lasts {a}. How much is that in {b}?", "A film lasts {a}. Tell me that in {b}.", "The film takes {a}. Give it in {b}.", "The way takes {a}. How many {b} is it?", "It takes {a}. Tell me the {b}.",
    "The bread needs {a}. Tell me that in {b}.", "It took {a}. How much is that in {b}?", "{n} read for {a}. How much is that in {b}?", "I waited for {a}. Give it in {b}.", "The show lasts {a}. Please say it in {b}.",
    "The trip lasts {a}. In {b}, how long is that?", "The game lasts {a}. How many {b} is that?", "We waited {a}. How much is that in {b}?", "The bread needs {a}. In {b}, how long is that?",
    "The lesson lasts {a}. I want it in {b}.", "A film lasts {a}. Give it in {b}.", "{n} read for {a}. What is that in {b}?", "{n} worked {a}. How many {b} is that?", "{n} read for {a}. Convert it to {b}.",
    "A film lasts {a}. Please say it in {b}.", "We worked for {a}. How long is that in {b}?", "It takes {a}. I want it in {b}.", "The train takes {a}. What is that in {b}?", "A film lasts {a}. Convert it to {b}.",
    "A trip takes {a}. Give it in {b}.", "I waited for {a}. What is that in {b}?", "We worked for {a}. Tell me the {b}.", "{n} slept for {a}. I want it in {b}.", "How many {b} did {n} sleep if {n} slept {a}?",
    "How many {b} did we wait if we waited {a}?", "If a film lasts {a}, how many {b} is that?", "If the trip takes {a}, how long is it in {b}?", "When the game lasts {a}, how many {b} is it?",
    "In {b}, how long is a film that lasts {a}?", "How long in {b} is a trip that takes {a}?", "How many {b} long is a lesson of {a}?",
)  # fmt: skip
STORY_SIZE = (
    "A rope is {a} long. How many {b} is that?", "A bag weighs {a}. How many {b} is that?", "The way is {a} long. How long is it in {b}?", "A box has {a}. How many {b} is it?", "{n} has {a}. How many {b} is that?", "I bought {a}. How many {b} are that?",
    "We need {a}. How much is it in {b}?", "A ship carries {a}. How many {b} is that?", "We bought {a}. What is that in {b}?", "The bag holds {a}. Tell me the {b}.", "There are {a}. How many {b} is this?", "{n} needs {a}. How many {b} is that?",
    "We have {a}. Write it in {b}.", "They want {a}. How much is that in {b}?", "{n} needs {a}. In {b}, how much is that?", "{n} needs {a}. Write it in {b}.", "A rope is {a} long. Convert it to {b}.",
    "A ship carries {a}. In {b}, how much is that?", "The shop has {a}. Tell me the {b}.", "{n} has {a}. Convert it to {b}.", "They want {a}. I want it in {b}.", "The bag has {a}. In {b}, how much is that?",
    "We bought {a}. Write it in {b}.", "A box has {a}. Convert it to {b}.", "We need {a}. How many {b} is that?", "The bag weighs {a}. Convert it to {b}.", "The truck carries {a}. Tell me the {b}.",
    "The bag weighs {a}. Please say it in {b}.", "The shop has {a}. How much is that in {b}?", "{n} bought {a}. How much is that in {b}?", "A ship carries {a}. How much is that in {b}?", "{n} needs {a}. Tell me that in {b}.",
    "A box holds {a}. Tell me the {b}.", "We have {a}. How many {b} is this?", "I have {a}. How much is that in {b}?", "The way is {a} long. How much is that in {b}?", "We need {a}. Tell me that in {b}.",
    "We have {a}. How much is that in {b}?", "I bought {a}. Write it in {b}.", "{n} bought {a}. How many {b} is this?", "A box holds {a}. How many {b} is it?", "I have {a}. In {b}, how much is that?",
    "A ship carries {a}. Tell me that in {b}.", "The truck carries {a}. How many {b} is this?", "A box holds {a}. What is that in {b}?", "We have {a}. How many {b} is it?", "A rope is {a} long. Give it in {b}.",
    "{n} needs {a}. Convert it to {b}.", "I have {a}. How many {b} is it?", "I need {a}. Please say it in {b}.", "There are {a} left. Tell me the {b}.", "The way is {a} long. Write it in {b}.",
    "The bag weighs {a}. How many {b} is that?", "A rope is {a} long. In {b}, how much is that?", "There are {a}. How many {b} is that?", "The bag weighs {a}. How many {b} is this?", "We need {a}. Write it in {b}.",
    "The bag weighs {a}. Tell me the {b}.", "I need {a}. Tell me the {b}.", "The way is {a} long. How many {b} is that?", "We bought {a}. How many {b} is that?", "A box holds {a}. Convert it to {b}.",
    "{n} bought {a}. I want it in {b}.", "There are {a}. Write it in {b}.", "There are {a} left. Convert it to {b}.", "A rope is {a} long. Please say it in {b}.", "The truck carries {a}. Give it in {b}.",
    "A ship carries {a}. How much is it in {b}?", "{n} bought {a}. Please say it in {b}.", "They want {a}. Write it in {b}.", "I need {a}. Write it in {b}.", "We have {a}. Tell me the {b}.",
    "A rope is {a} long. How many {b} is it?", "A box holds {a}. Give it in {b}.", "A box has {a}. I want it in {b}.", "{n} needs {a}. Give it in {b}.", "A box has {a}. Tell me the {b}.", "The bag has {a}. How much is it in {b}?",
    "A box has {a}. How many {b} is that?", "A box has {a}. Please say it in {b}.", "The truck carries {a}. In {b}, how much is that?", "How many {b} does {n} have if {n} has {a}?", "How many {b} do we need if we need {a}?",
    "If a rope is {a} long, how many {b} is that?", "If the bag weighs {a}, how much is it in {b}?", "If {n} has {a}, how many {b} is that?", "When a box holds {a}, how many {b} is it?", "In {b}, how much is a bag of {a}?",
    "How long in {b} is a rope of {a}?",
)  # fmt: skip


def _amount(n: int, forms: tuple[str, str, str], short: bool) -> str:
    if short and forms[2]:
        return f"{n} {forms[2]}"
    return f"{n} {forms[0] if n == 1 else forms[1]}"


def _times(n: int, factor: int) -> list[str]:
    """n * factor, a round factor by its leading digit and zeros."""
    bare = str(factor).rstrip("0")
    zeros = len(str(factor)) - len(bare)
    if n == 1:
        return [f"1*{factor}={factor}"]
    if not zeros:
        return workings.multiply(n, factor)
    if bare == "1":
        return [f"{n}*{factor}={n * factor}"]
    return [workings.Aside(f"{n}*{factor}"), *workings.multiply(n, int(bare)), workings.Aside(str(n * factor))]


def _divided(total: int, factor: int) -> list[str]:
    bare = str(factor).rstrip("0")
    zeros = len(str(factor)) - len(bare)
    if bare == "1":
        return [f"{total}/{factor}={total // factor}"]
    lines: list[str] = [workings.Aside(f"{total}/{factor}")]
    if zeros:
        lines.append(f"{total // 10**zeros}/{bare}={total // factor}")
        return lines
    if factor <= 12:
        return [f"{total}/{factor}={total // factor}"]
    lines += workings.asides(*(f"{k}*{factor}={k * factor}" for k in range(1, total // factor)))
    return [*lines, f"{total // factor}*{factor}={total}"]


def _split(total: int, factor: int) -> list[str]:
    """total as a multiple of factor and a rest: the multiples in order until one is too large, then what is left."""
    n, rest = divmod(total, factor)
    if factor in (10, 100):
        return [f"{total}/{factor}={n},{rest}"]
    width = len(str((n + 1) * factor))
    whole = str(total).zfill(width)
    lines: list[str] = []
    for k in range(1, n + 2):
        multiple = str(k * factor).zfill(width)
        lines.append(f"{k}*{factor}={multiple} {','.join(workings.digit_signs(whole, multiple))}")
    # The last two multiples decide, so low effort keeps them alone.
    return [*workings.asides(*lines[:-2]), *lines[-2:], *workings.subtract(total, n * factor)]


def units(rng: random.Random, wording: Wording) -> Example:
    """A measure in another unit; always exact."""
    unit = rng.choice(UNITS)
    short = rng.random() < 0.3 and bool(unit.big[2])
    names = (unit.big[2], unit.small[2]) if short else (unit.big[1], unit.small[1])
    fact = workings.Aside(f"{_amount(1, unit.big, short)} = {_amount(unit.factor, unit.small, short)}")
    factor = unit.factor
    templates = CONVERT
    if not short and rng.random() < 0.15:
        templates = STORY_TIME if unit.small[0] in ("minute", "second", "hour") else STORY_SIZE
    kind = rng.choices(("down", "up", "mixed", "split"), (42, 28, 18, 12))[0]
    if kind in ("mixed", "split") and (factor > 100 or unit.big[0] in ("dozen", "decade", "century")):
        kind = "down"
    if kind == "up" and factor == 52:
        kind = "down"
    match kind:
        case "down":
            n = rng.randint(1, min(12, unit.most)) if rng.random() < 0.5 else rng.randint(2, unit.most)
            asked, wanted = _amount(n, unit.big, short), names[1]
            way = workings.Aside(f"{names[0]}: *{factor}")
            lines, answer = [fact, way, *_times(n, factor)], _amount(n * factor, unit.small, short)
        case "up":
            most = 6 if factor == 24 else 10 if factor in (7, 12, 60) else unit.most
            n = rng.randint(1, most)
            asked, wanted = _amount(n * factor, unit.small, short), names[0]
            way = workings.Aside(f"{names[1]}: /{factor}")
            lines, answer = [fact, way, *_divided(n * factor, factor)], _amount(n, unit.big, short)
        case "mixed":
            n, rest = rng.randint(1, min(9, unit.most)), rng.randint(1, factor - 1)
            join = rng.choice((" and ", " ", " and "))
            asked = f"{_amount(n, unit.big, short)}{join}{_amount(rest, unit.small, short)}"
            wanted = names[1]
            lines = [fact, *_times(n, factor), *workings.add(n * factor, rest)]
            answer = _amount(n * factor + rest, unit.small, short)
        case _:
            n, rest = rng.randint(1, 4 if factor > 12 else 8), rng.randint(1, factor - 1)
            total = n * factor + rest
            asked, wanted = _amount(total, unit.small, short), names[1]
            lines = [fact, *_split(total, factor)]
            answer = f"{_amount(n, unit.big, short)} {_amount(rest, unit.small, short)}"
            templates = SPLIT_UP
    question = wording.pick(templates).format(
        a=asked, b=wanted, g=names[0], n=rng.choice(("Tom", "Anna", "Ben", "Mia"))
    )
    return worked(dress(wording, question), lines, answer, f"{asked}>{wanted}{kind == 'split'}")


TASKS = [Task("dates", dates, weight=2.0, off_share=0.06), Task("units", units, weight=1.3, off_share=0.5)]
